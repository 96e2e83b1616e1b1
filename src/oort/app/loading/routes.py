"""Routes at load time: their paths, parameters, limits and collisions."""

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from math import ceil
from types import NoneType
from typing import Any, get_args, get_origin

from oort.app.declaring.declarations import Route
from oort.app.declaring.parameters import Signature, ValueParameter
from oort.app.declaring.services import Service
from oort.app.declaring.signatures import Reader, unreadable
from oort.app.handles.actions import Reply
from oort.model import limits
from oort.model.errors import InvalidValue, Mistake
from oort.model.functions import FunctionModel, Http, Rate
from oort.model.problems import Problem
from oort.rules.http import routing

# As browsers write an origin.
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?")
_SEGMENT = re.compile(r"[A-Za-z0-9._~-]+|\{[A-Za-z_][A-Za-z0-9_]*\}")


def trigger(service: str, route: Route, reader: Reader) -> Http:
    """Return the trigger of a route. Its path begins with the service's name."""
    path = "/" + "/".join((service, *routing.segments(route.path)))
    if not route.path.startswith("/") or not all(
        map(_SEGMENT.fullmatch, routing.segments(route.path))
    ):
        what = f"{reader.name}: {route.path!r} is not a path."
        reader.refuse(
            "route.path", what, "Write /fixed/{parameter}: letters, digits, . _ ~ - in fixed parts."
        )
    names = [
        name for segment in routing.segments(route.path) if (name := routing.parameter(segment))
    ]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        reader.refuse(
            "route.path",
            f"{reader.name}: {{{twice[0]}}} is in the path twice.",
            "Rename one of the two parameters.",
        )
    rate = _rate(route, reader)
    return Http(
        route.method, path, route.status, route.public, tuple(route.groups), route.owner, rate
    )


def parameters(path: str) -> frozenset[str]:
    """Return the parameters of a path: the names in braces."""
    return frozenset(
        name for segment in routing.segments(path) if (name := routing.parameter(segment))
    )


def check(route: Route, signature: Signature, timeout: timedelta, reader: Reader) -> None:
    """Add a mistake for everything that the gateway cannot serve."""
    if timeout > limits.REQUEST_TIMEOUT:
        what = f"{reader.name}: a request cannot take {timeout}."
        reader.refuse(
            "route.timeout", what, "API Gateway ends it after 29 s: answer 202 and use a queue."
        )
    if route.public and route.groups:
        reader.refuse(
            "route.groups",
            f"{reader.name} has public=True and groups=.",
            "Remove public=True or groups=.",
        )
    _check_owner(route, reader)
    body = any(
        isinstance(parameter, ValueParameter) and parameter.place == "body"
        for parameter in signature.parameters
    )
    if body and route.method in ("GET", "DELETE"):
        reader.refuse(
            "route.body",
            f"{reader.name}: a {route.method} request has no body.",
            "Use post, put or patch.",
        )
    if not 200 <= route.status <= 399:
        what = f"{reader.name}: {route.status} is not the status of a success."
        reader.refuse("route.status", what, "Use 200 to 399; raise a Problem for an error.")
    _check_raises(route, reader)
    if not reader.checked:
        _check_reply(signature.returns, reader)
    if route.status in limits.BODILESS and _answers(signature.returns):
        what = f"{reader.name} has status {route.status} without a body, but returns a body."
        reader.refuse("route.status", what, "Add status=200, or return None.")


def _check_raises(route: Route, reader: Reader) -> None:
    kinds: Sequence[type] = route.raises
    for kind in kinds:
        if not issubclass(kind, Problem):
            reader.refuse(
                "route.raises",
                f"{reader.name}: raises= has {kind.__name__}, which is not a Problem.",
                f"Name subclasses of Problem: class {reader.name.title()}Failed(Problem).",
            )


def _check_reply(returns: object, reader: Reader) -> None:
    """Refuse a type that JSON cannot have, or that has no schema for the API document."""
    from oort.rules.schemas import schemas

    inner = get_args(returns)[0] if get_origin(returns) is Reply and get_args(returns) else returns
    if inner in (None, NoneType, Any, Reply):
        return
    try:
        problem = unreadable(inner)
        if not problem:
            schemas.schema(inner, closed=False)
    except InvalidValue as error:
        problem = error.what.rstrip(".")
    if problem:
        what = f"{reader.name} returns {getattr(inner, '__name__', inner)}: {problem}."
        instead = "Return Structs, dataclasses and types that msgspec can decode."
        reader.refuse("route.return", what, instead)


def _check_owner(route: Route, reader: Reader) -> None:
    if route.owner and route.public:
        reader.refuse(
            "route.owner",
            f"{reader.name} has public=True and owner=.",
            "Remove public=True or owner=.",
        )
    elif route.owner and route.owner not in parameters(route.path):
        what = f"{reader.name}: owner={route.owner!r} is not a parameter of the path {route.path}."
        reader.refuse(
            "route.owner",
            what,
            "Name a parameter of the path, without braces.",
        )


def _rate(route: Route, reader: Reader) -> Rate | None:
    """Return the route's own rate.

    A missing burst is the requests of two seconds.
    """
    if route.rate is None and route.burst is None:
        return None
    default, most = limits.PUBLIC_RATE if route.public else limits.PRIVATE_RATE, limits.HIGHEST_RATE
    per_second = default.per_second if route.rate is None else route.rate
    if (
        not 0 < per_second <= most.per_second
        or not 1 <= (route.burst or 1) <= most.burst
        or route.burst == 0
    ):
        what = f"{reader.name}: rate={route.rate} with burst={route.burst} is not possible."
        instead = (
            f"A rate is above 0; API Gateway allows rates up to {most.per_second:,} a second "
            f"and bursts of 1 to {most.burst:,}."
        )
        reader.refuse("route.rate", what, instead)
        return None
    return Rate(per_second, route.burst or min(most.burst, ceil(per_second * 2)))


def origins(service: Service) -> list[Mistake]:
    """Return the entries of the service's `cors` that are not origins."""
    instead = (
        'Write the scheme and the host, as in "https://shop.example", without a path; '
        'or ["*"] for every page.'
    )
    wrong = [
        origin
        for origin in service.declared.cors
        if origin != "*" and not _ORIGIN.fullmatch(origin)
    ]
    if "*" in service.declared.cors and len(service.declared.cors) > 1:
        wrong.append("*, beside others,")
    source = service.declared.source
    return [
        Mistake(source, "service.cors", f"{service.name}: {origin} is not an origin.", instead)
        for origin in wrong
    ]


def _answers(returns: object) -> bool:
    """Return True if the annotation has a body."""
    inner = get_args(returns)[0] if get_origin(returns) is Reply and get_args(returns) else returns
    return inner not in (None, NoneType, Reply, Any)


def collisions(functions: Iterable[FunctionModel]) -> list[Mistake]:
    """Return the routes that the same request matches."""
    mistakes: list[Mistake] = []
    seen: dict[tuple[str, str], FunctionModel] = {}
    for function in functions:
        if isinstance(function.trigger, Http):
            key = (function.trigger.method, routing.shape(function.trigger.path))
            first = seen.setdefault(key, function)
            if first is not function:
                route = f"{function.trigger.method} {function.trigger.path}"
                what = f"{route} is declared twice; the other: {first.source}."
                mistakes.append(
                    Mistake(function.source, "route.twice", what, "Change one of the paths.")
                )
    return mistakes
