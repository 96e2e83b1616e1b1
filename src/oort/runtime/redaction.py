"""Replaces secret values by `***` in all that handlers raise and log.

The runtime remembers a value when a handler reads it. Tracebacks, problems and log lines pass
through this module before they leave. It finds a value as it is, in the form of `repr` and in the
form of JSON. docs/limits.md lists the forms that it cannot find.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import cast

from oort.model.problems import Json

MASK = "***"
SHORTEST = 4  # characters: shorter values are parts of ordinary words
_REMEMBERED = 1_000  # texts; a value that was replaced goes when newer ones come


class Redactor:
    """The secret texts of a process. Used by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, None] = OrderedDict()
        self._texts: tuple[str, ...] = ()  # the longest first: one text may be a part of another

    def remember(self, value: str) -> None:
        """Hide the value from now on, and each string in it if it is a JSON object or list."""
        forms = {form for text in _parts(value) for form in _forms(text) if len(form) >= SHORTEST}
        if forms <= self._known.keys():
            return
        with self._lock:
            for form in forms:
                self._known[form] = None
                self._known.move_to_end(form)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
            self._texts = tuple(sorted(self._known, key=len, reverse=True))

    def text(self, text: str) -> str:
        """The text without secret values."""
        for secret in self._texts:
            if secret in text:
                text = text.replace(secret, MASK)
        return text

    def document(self, value: object) -> object:
        """The JSON value without secret values; they are also replaced in keys."""
        if not self._texts:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            members = cast(Mapping[object, object], value)
            return {self.document(name): self.document(inner) for name, inner in members.items()}
        if isinstance(value, list | tuple):
            return [self.document(inner) for inner in cast(list[object], value)]
        return value


KNOWN = Redactor()


def text(text: str) -> str:
    """The text without the secret values that this process has read.

    >>> known = Redactor()
    >>> known.remember("sk_live_1234")
    >>> known.text("ValueError: bad key sk_live_1234")
    'ValueError: bad key ***'
    """
    return KNOWN.text(text)


def members(document: Mapping[str, object]) -> dict[str, object]:
    """The JSON object without the secret values that this process has read."""
    return {name: KNOWN.document(value) for name, value in document.items()}


def problem(document: Mapping[str, Json]) -> dict[str, Json]:
    """The members of a problem without the secret values that this process has read."""
    return cast(dict[str, Json], members(document))


def _parts(value: str) -> Iterator[str]:
    """The value, and each string in it if it is a JSON object or list."""
    import json  # no cold start pays for it

    yield value
    if value.lstrip()[:1] in ("{", "["):
        try:
            yield from _strings(json.loads(value))
        except (ValueError, RecursionError):
            return


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in cast(dict[str, object], value).values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in cast(list[object], value):
            yield from _strings(inner)


def _forms(text: str) -> tuple[str, ...]:
    """The text as it is, in the form of `repr`, and in both forms of JSON: ASCII and Unicode."""
    import json

    return (
        text,
        repr(text)[1:-1],
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
    )
