"""Find the route of a request. Fixed segments win over parameters, as in API Gateway."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

import msgspec

from oort.model.functions import FunctionModel, Http

_TITLE = 200  # characters of a route's name in spans


@dataclass(slots=True)
class _Segment:
    fixed: dict[str, "_Segment"] = field(default_factory=dict)
    parameter: "_Segment | None" = None
    methods: dict[str, "_Route"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Route:
    """The facts of a route that do not depend on a request."""

    function: FunctionModel
    trigger: Http
    names: tuple[str, ...]
    title: str


# Made for each request: a Struct costs a tenth of a frozen dataclass.
class Match(msgspec.Struct, frozen=True, gc=False):
    """The function for a request, with percent-decoded path parameters.

    `title` is the route's method and path, in ASCII, for spans.
    """

    function: FunctionModel
    trigger: Http
    parameters: dict[str, str]
    title: str = ""


@dataclass(frozen=True, slots=True)
class WrongMethod:
    """The path exists with other methods."""

    allowed: tuple[str, ...]


class Routes:
    """The routes of a platform. A slash at the end of a path makes no difference."""

    def __init__(self, functions: Iterable[FunctionModel]) -> None:
        self._root = _Segment()
        for function in functions:
            if isinstance(function.trigger, Http):
                self._add(function, function.trigger)

    def match(self, method: str, path: str) -> Match | WrongMethod | None:
        """Return the route for a raw, percent-encoded path; None if missing.

        Segments are decoded after the split, so `%2F` stays inside its segment. UnicodeDecodeError
        if a segment
        is not UTF-8.
        """
        trimmed = path.removeprefix("/").removesuffix("/")
        parts = trimmed.split("/") if trimmed else []  # as `segments`
        if "%" in path:
            parts = [unquote(part, errors="strict") for part in parts]
        end = self._end_of(parts)
        if end is None:
            return None
        node, values = end
        route = node.methods.get(method)
        if route is None:
            return WrongMethod(tuple(sorted(node.methods)))
        parameters = dict(zip(route.names, values, strict=True))
        return Match(route.function, route.trigger, parameters, route.title)

    def _add(self, function: FunctionModel, trigger: Http) -> None:
        node, names = self._root, []
        for segment in segments(trigger.path):
            if name := parameter(segment):
                names.append(name)
                node.parameter = node = node.parameter or _Segment()
            else:
                node = node.fixed.setdefault(segment, _Segment())
        node.methods[trigger.method] = _Route(function, trigger, tuple(names), _title(trigger))

    def _end_of(self, parts: list[str]) -> tuple[_Segment, tuple[str, ...]] | None:
        """Return the segment at the end of a path, with the parameters on the way to it.

        A path that a fixed segment does not lead to may lead through a parameter, so the places
        with a choice wait.
        """
        nothing: tuple[str, ...] = ()
        waiting = [(self._root, 0, nothing)]
        while waiting:
            node, at, values = waiting.pop()
            for part in parts[at:]:
                at += 1
                fixed = node.fixed.get(part)
                other = node.parameter
                if part and other is not None:
                    if fixed is None:
                        node, values = other, (*values, part)
                        continue
                    waiting.append((other, at, (*values, part)))
                if fixed is None:
                    break
                node = fixed
            else:
                if node.methods:
                    return node, values
        return None


def _title(trigger: Http) -> str:
    name = f"{trigger.method} {trigger.path}"[:_TITLE]
    return name.encode("ascii", "backslashreplace").decode()


def segments(path: str) -> list[str]:
    """Split a path at its slashes. One slash at the end is ignored."""
    trimmed = path.removeprefix("/").removesuffix("/")
    return trimmed.split("/") if trimmed else []


def parameter(segment: str) -> str | None:
    """Return the name inside `{name}`; None for a fixed segment."""
    return segment[1:-1] if segment.startswith("{") and segment.endswith("}") else None


def shape(path: str) -> str:
    """Remove the parameters' names from a path. Two routes with equal shape and method collide.

    >>> shape("/accounts/{id}/email")
    '/accounts/{}/email'
    """
    return "/" + "/".join("{}" if parameter(segment) else segment for segment in segments(path))
