"""Canonical bytes and hashes of contracts, and their revisions. Lock files and stages depend on
them."""

import hashlib
from collections.abc import Mapping

import msgspec

from oort.model.contracts import DataForm, Revision, Schema, Schemas
from oort.model.items import Value
from oort.rules.contracts import members
from oort.rules.schemas.schema_keywords import everywhere

# The lock files of an earlier Oort hold `discriminator`, which validation does not use.
_REMARKS = frozenset({"title", "description", "examples", "discriminator"})


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


def form(*, revision: int, key: Mapping[str, str], parts: Mapping[str, Schemas]) -> DataForm:
    """Return the form of a table, a queue or a call with its hash."""
    schemas: dict[str, Value] = {
        name: {"writer": part.writer, "reader": part.reader} for name, part in parts.items()
    }
    content: Value = {"revision": revision, "key": [[*pair] for pair in key.items()], **schemas}
    return DataForm(revision, hashed(content), key, parts)


def same_data(left: DataForm, right: DataForm) -> bool:
    """True if two forms differ at most in titles, descriptions and examples."""
    return (left.revision, [*left.key.items()], left.parts.keys()) == (
        right.revision,
        [*right.key.items()],
        right.parts.keys(),
    ) and all(
        _same(before, after)
        for name, part in left.parts.items()
        for before, after in (
            (part.writer, right.parts[name].writer),
            (part.reader, right.parts[name].reader),
        )
    )


def same_meaning(left: Revision, right: Revision) -> bool:
    """True if two revisions differ at most in titles, descriptions and examples."""
    return left.key == right.key and all(
        _same(before, after)
        for before, after in ((left.writer, right.writer), (left.reader, right.reader))
    )


def _same(left: Schema, right: Schema) -> bool:
    """True if two schemas differ at most in remarks. The names of positions are no remarks."""
    return everywhere(left, _bare) == everywhere(right, _bare) and members.positions(
        left
    ) == members.positions(right)


def _bare(schema: Schema) -> Schema:
    return {word: value for word, value in schema.items() if word not in _REMARKS}
