"""Which route a request meets. Fixed segments win over parameters, as in API Gateway."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from oort.model.functions import FunctionModel, Http


@dataclass(slots=True)
class _Node:
    fixed: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None
    methods: dict[str, tuple[FunctionModel, tuple[str, ...]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match:
    """The function for a request, and its path parameters, percent-decoded."""

    function: FunctionModel
    trigger: Http
    parameters: dict[str, str]


@dataclass(frozen=True, slots=True)
class WrongMethod:
    """The path exists, but not with this method."""

    allowed: tuple[str, ...]


class Routes:
    """The routes of a platform, ready to match. A slash at the end makes no difference."""

    def __init__(self, functions: Iterable[FunctionModel]) -> None:
        self._root = _Node()
        for function in functions:
            if isinstance(function.trigger, Http):
                self._add(function, function.trigger)

    def match(self, method: str, path: str) -> Match | WrongMethod | None:
        """The route for a raw (still percent-encoded) path; None if there is none.

        Segments are decoded after the path is split, so `%2F` stays inside its segment. UnicodeDecodeError if they
        are not UTF-8.
        """
        found = self._walk(
            self._root, [unquote(segment, errors="strict") for segment in segments(path)], []
        )
        if found is None:
            return None
        node, values = found
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
                node.parameter = node = node.parameter or _Node()
            else:
                node = node.fixed.setdefault(segment, _Node())
        node.methods[trigger.method] = (function, tuple(names))

    def _walk(
        self, node: _Node, rest: list[str], values: list[str]
    ) -> tuple[_Node, list[str]] | None:
        if not rest:
            return (node, values) if node.methods else None
        head, tail = rest[0], rest[1:]
        if head in node.fixed and (found := self._walk(node.fixed[head], tail, values)):
            return found
        if node.parameter is not None and head:
            return self._walk(node.parameter, tail, [*values, head])
        return None


def segments(path: str) -> list[str]:
    """The parts of a path between slashes; one slash at the end is ignored."""
    trimmed = path.removeprefix("/").removesuffix("/")
    return trimmed.split("/") if trimmed else []


def parameter(segment: str) -> str | None:
    """The name inside `{name}`; None for a fixed segment."""
    return segment[1:-1] if segment.startswith("{") and segment.endswith("}") else None


def shape(path: str) -> str:
    """The path with its parameters' names taken out: two routes of one shape and method collide.

    >>> shape("/accounts/{id}/email")
    '/accounts/{}/email'
    """
    return "/" + "/".join("{}" if parameter(segment) else segment for segment in segments(path))
