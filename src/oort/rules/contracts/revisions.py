"""Canonical bytes and hashes of contracts, and their revisions. Lock files and stages depend on
them."""

import hashlib

import msgspec

from oort.model.contracts import Revision, Schema
from oort.model.items import Value
from oort.rules.types.schema_keywords import everywhere

_REMARKS = frozenset({"title", "description", "examples"})


def canonical(value: Value) -> bytes:
    """Return the canonical JSON of a value: sorted, compact, UTF-8.

    >>> canonical({"b": 1, "a": "é"}).decode()
    '{"a":"é","b":1}'
    """
    return msgspec.json.encode(value, order="sorted")


def written(value: Value) -> bytes:
    """The same as a file that people read: indented by two, with one newline at the end.

    >>> written({"a": 1})
    b'{\\n  "a": 1\\n}\\n'
    """
    return msgspec.json.format(canonical(value), indent=2) + b"\n"


def hashed(value: Value) -> str:
    """Return the hash of the canonical bytes.

    >>> hashed({})
    'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'
    """
    return f"sha256:{hashlib.sha256(canonical(value)).hexdigest()}"


def revision(*, key: str, writer: Schema, reader: Schema) -> Revision:
    """Return the revision with its hash."""
    return Revision(hashed({"key": key, "writer": writer, "reader": reader}), key, writer, reader)


def same_meaning(left: Revision, right: Revision) -> bool:
    """True if two revisions differ at most in titles, descriptions and examples."""
    return left.key == right.key and all(
        everywhere(before, _bare) == everywhere(after, _bare)
        for before, after in ((left.writer, right.writer), (left.reader, right.reader))
    )


def _bare(schema: Schema) -> Schema:
    return {word: value for word, value in schema.items() if word not in _REMARKS}
