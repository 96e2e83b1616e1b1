"""Replaces secret values by `***` in all that handlers raise and log.

The runtime remembers a value when a handler reads it. Tracebacks, problems and log lines pass
through this module before they leave. It finds a value as it is, in the form of `repr` and in the
form of JSON. docs/limits.md lists the forms that it cannot find.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from oort.model.problems import Json

MASK = "***"
SHORTEST = 4  # characters: shorter values are parts of ordinary words
_VALUES = 4  # of a secret: a provider may still use a value that an operator has replaced


class Redactor:
    """The secret texts of a process. Used by several threads.

    The bound counts the values of each secret. So a secret with many strings does not make the
    redactor forget another secret.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[str, OrderedDict[str, frozenset[str]]] = {}
        self._texts: tuple[str, ...] = ()  # the longest first: a text can be a part of another
        self.knows = False

    def remember(self, secret: str, value: str) -> None:
        """Hide the value of the secret from now on, and each string and line in it."""
        with self._lock:  # also for a known value: its texts must be in place when this returns
            values = self._values.setdefault(secret, OrderedDict())
            if value in values:
                values.move_to_end(value)
                return
            values[value] = frozenset(_texts(value))
            while len(values) > _VALUES:
                values.popitem(last=False)
            texts = {
                text for known in self._values.values() for each in known.values() for text in each
            }
            self._texts = tuple(sorted(texts, key=len, reverse=True))
            self.knows = True

    def text(self, text: str) -> str:
        """Return the text without secret values."""
        for secret in self._texts:
            if secret in text:
                text = text.replace(secret, MASK)
        return text

    def document(self, value: object) -> object:
        """Return the JSON value without secret values, in keys too."""
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
    """Return the text without the secret values that this process has read.

    >>> known = Redactor()
    >>> known.remember("billing.stripe-key", "sk_live_1234")
    >>> known.text("ValueError: bad key sk_live_1234")
    'ValueError: bad key ***'
    """
    return KNOWN.text(text)


def members(document: Mapping[str, object]) -> dict[str, object]:
    """Return the JSON object without the secret values that this process has read."""
    if not KNOWN.knows:  # most processes have no secret: a log line costs nothing more
        return dict(document)
    return {name: KNOWN.document(value) for name, value in document.items()}


def problem(document: Mapping[str, Json]) -> dict[str, Json]:
    """Return a problem of a handler without secret values.

    `type` and `title` come from the class of the problem, and clients depend on them.
    """
    kept = {name: document[name] for name in ("type", "title") if name in document}
    return {**cast(dict[str, Json], members(document)), **kept}


def _texts(value: str) -> Iterator[str]:
    """Yield all texts to hide for a value: its strings and their lines, in each written form."""
    for part in _parts(value):
        lines = part.splitlines()
        for text in (part, *(lines if len(lines) > 1 else ())):
            yield from (form for form in _forms(text) if len(form.strip()) >= SHORTEST)


def _parts(value: str) -> Iterator[str]:
    """Yield the value, and each string in it if it is a JSON object or list."""
    import json  # not for a cold start

    yield value
    if value.lstrip()[:1] in ("{", "["):
        try:
            yield from _strings(json.loads(value))
        except (ValueError, RecursionError):
            return


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        yield from _decoded(value)
    elif isinstance(value, dict):
        for inner in cast(dict[str, object], value).values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in cast(list[object], value):
            yield from _strings(inner)


def _decoded(text: str) -> Iterable[str]:
    """Yield the text behind Base64: a field of type `bytes` travels so."""
    import base64

    try:
        return (base64.b64decode(text, validate=True).decode(),)
    except ValueError:
        return ()


def _forms(text: str) -> set[str]:
    """Return the text as it is, and as `repr`, `ascii`, bytes and JSON write it.

    `repr` chooses its quotes by the whole text around, so both choices are included, and the form
    inside of another `repr`.
    """
    import json

    written = {text}
    for show in (repr, ascii, lambda each: repr(each.encode("utf-8", "replace"))[1:]):
        written |= {show(text)[1:-1], show(text + '"')[1:-2]}
    written |= {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    return written | {form.replace("\\", "\\\\").replace("'", "\\'") for form in written}
