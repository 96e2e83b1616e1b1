"""Routes at load time: the whole path, its parameters, and what collides."""

import re
from collections.abc import Iterable
from datetime import timedelta
from types import NoneType
from typing import Any, get_args, get_origin

from oort.app.http import Reply
from oort.app.services import RouteDeclared
from oort.app.signatures import Reader, Signature, ValueParameter
from oort.model import limits
from oort.model.functions import FunctionModel, Http
from oort.model.sources import Mistake
from oort.rules import routing

_SEGMENT = re.compile(r"[A-Za-z0-9._~-]+|\{[A-Za-z_][A-Za-z0-9_]*\}")


def trigger(service: str, route: RouteDeclared, reader: Reader) -> Http:
    """The trigger of a declared route; its path begins with the service's name."""
    path = "/" + "/".join((service, *routing.segments(route.path)))
    if not route.path.startswith("/") or not all(map(_SEGMENT.fullmatch, routing.segments(route.path))):
        what = f"{reader.name}: {route.path!r} is not a path."
        reader.refuse("route.path", what, "Write /fixed/{parameter}: letters, digits, . _ ~ - in fixed parts.")
    names = [name for segment in routing.segments(route.path) if (name := routing.parameter(segment))]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        reader.refuse("route.path", f"{reader.name}: {{{twice[0]}}} is in the path twice.", "Rename one of them.")
    return Http(route.method, path, route.status, route.public, route.groups)


def parameters(path: str) -> frozenset[str]:
    """The names in braces."""
    return frozenset(name for segment in routing.segments(path) if (name := routing.parameter(segment)))


def check(route: RouteDeclared, signature: Signature, timeout: timedelta, reader: Reader) -> None:
    """What the gateway cannot serve."""
    if timeout > limits.REQUEST_TIMEOUT:
        what = f"{reader.name}: a request cannot take {timeout}."
        reader.refuse("route.timeout", what, "API Gateway ends it after 29 s: answer 202 and use a queue.")
    if route.public and route.groups:
        reader.refuse("route.groups", f"{reader.name} is public and for groups.", "Take away public=True or groups=.")
    body = any(isinstance(one, ValueParameter) and one.place == "body" for one in signature.parameters)
    if body and route.method in ("GET", "DELETE"):
        reader.refuse("route.body", f"{reader.name}: a {route.method} request has no body.", "Use post, put or patch.")
    if not 200 <= route.status <= 599:
        reader.refuse("route.status", f"{reader.name}: {route.status} is not a status.", "Use 200 to 599.")
    if route.status in limits.BODILESS and _answers(signature.returns):
        what = f"{reader.name} answers {route.status}, which has no body, but returns one."
        reader.refuse("route.status", what, "Add status=200, or return None.")


def _answers(returns: object) -> bool:
    """Whether the annotation says that there is a body."""
    inner = get_args(returns)[0] if get_origin(returns) is Reply and get_args(returns) else returns
    return inner not in (None, NoneType, Reply, Any)


def collisions(functions: Iterable[FunctionModel]) -> list[Mistake]:
    """Two routes that no request could tell apart."""
    found: list[Mistake] = []
    seen: dict[tuple[str, str], FunctionModel] = {}
    for function in functions:
        if isinstance(function.trigger, Http):
            key = (function.trigger.method, routing.shape(function.trigger.path))
            other = seen.setdefault(key, function)
            if other is not function:
                what = (
                    f"{function.trigger.method} {function.trigger.path} is answered twice; the other: {other.source}."
                )
                found.append(Mistake(function.source, "route.twice", what, "Change one of the paths."))
    return found
