"""Find the route of a request. Fixed segments win over parameters, as in API Gateway."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from oort.model.functions import FunctionModel, Http


@dataclass(slots=True)
class _Segment:
    fixed: dict[str, "_Segment"] = field(default_factory=dict)
    parameter: "_Segment | None" = None
    methods: dict[str, tuple[FunctionModel, tuple[str, ...]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match:
    """The function for a request, with percent-decoded path parameters."""

    function: FunctionModel
    trigger: Http
    parameters: dict[str, str]


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
        end = self._walk(
            self._root, [unquote(segment, errors="strict") for segment in segments(path)], []
        )
        if end is None:
            return None
        node, values = end
        entry = node.methods.get(method)
        if entry is None:
            return WrongMethod(tuple(sorted(node.methods)))
        function, names = entry
        trigger = function.trigger
        assert isinstance(trigger, Http)  # only such functions are added
        return Match(function, trigger, dict(zip(names, values, strict=True)))

    def _add(self, function: FunctionModel, trigger: Http) -> None:
        node, names = self._root, []
        for segment in segments(trigger.path):
            if name := parameter(segment):
                names.append(name)
                node.parameter = node = node.parameter or _Segment()
            else:
                node = node.fixed.setdefault(segment, _Segment())
        node.methods[trigger.method] = (function, tuple(names))

    def _walk(
        self, node: _Segment, remaining: list[str], values: list[str]
    ) -> tuple[_Segment, list[str]] | None:
        if not remaining:
            return (node, values) if node.methods else None
        head, tail = remaining[0], remaining[1:]
        if head in node.fixed and (end := self._walk(node.fixed[head], tail, values)):
            return end
        if node.parameter is not None and head:
            return self._walk(node.parameter, tail, [*values, head])
        return None


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
