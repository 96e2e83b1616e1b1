"""A dataclass is written with the fields that were defaulted when it was read."""

from typing import Annotated, Any, NamedTuple

import msgspec
import pytest
from msgspec import Meta

from oort.rules.types.values import compiled
from tests.unit.rules.types.value_classes import Batch, Circle, Job, Square


class Placed(NamedTuple):
    n: int
    job: Job | None = None


class Row(msgspec.Struct, array_like=True, tag="row"):
    n: int
    job: Job | None = None


class Tree(msgspec.Struct, omit_defaults=True):
    job: Job | None = None
    inner: list["Tree"] = []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Job, b'{"id":"1"}'),
        (list[Job], b'[{"id":"1"}]'),
        (tuple[int, Job], b'[1,{"id":"1"}]'),
        (dict[str, Job], b'{"a":{"id":"1"}}'),
        (Job | None, b'{"id":"1"}'),
        (Batch, b'{"jobs":[{"id":"1"}],"best":{"id":"2"},"named":{"a":{"id":"3"}}}'),
        (Square | Circle, b'{"type":"square","job":{"id":"1"}}'),
        (Annotated[Job, Meta(title="A job")], b'{"id":"1"}'),
        (Job | list[Job] | None, b'[{"id":"1"}]'),
        (Job | list[Job] | None, b"null"),
        (Placed, b'[1,{"id":"1"}]'),
        (Placed, b"[1]"),
        (Row, b'["row",1]'),
        (Row | Job, b'{"id":"1"}'),
        (int | tuple[int, Job], b"1"),
        (int | tuple[int, Job], b'[1,{"id":"1"}]'),
        (Square | Circle | None, b'{"type":"circle","radius":1.0}'),
        (list[Tree], b'[{"job":{"id":"1"},"inner":[{"job":{"id":"2"}}]}]'),
        (list[Tree], b"[{}]"),
    ],
    ids=str,
)
def test_a_dataclass_is_written_with_what_was_defaulted(kind: Any, text: bytes) -> None:
    written = compiled(kind).write(compiled(kind).read(text))
    jobs = text.count(b'"id"')
    assert (written.count(b'"state":"new"'), written.count(b'"tags":["a"]')) == (jobs, jobs)
