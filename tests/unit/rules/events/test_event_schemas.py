"""What is written fits the closed schema and the open one; strangers fit the open one only. Judged by another validator."""

from typing import Annotated

import jsonschema_rs
import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from oort.rules.events import event_schemas


class Line(msgspec.Struct):
    sku: str
    pieces: Annotated[int, Meta(ge=1)] = 1


class Box(msgspec.Struct, tag="box"):
    size: int


class Bag(msgspec.Struct, tag="bag"):
    colour: str = "red"


class Sold(msgspec.Struct):
    id: str
    lines: list[Line]
    packing: Box | Bag
    prices: dict[str, int] = {}
    properties: Line | None = None
    note: str | None = None


WRITER = jsonschema_rs.validator_for(event_schemas.writer(Sold))
READER = jsonschema_rs.validator_for(event_schemas.reader(Sold))

LINES = st.builds(Line, st.text(max_size=3), st.integers(1, 9))
SOLD = st.builds(
    Sold,
    st.text(max_size=3),
    st.lists(LINES, max_size=2),
    st.builds(Box, st.integers()) | st.builds(Bag, st.text(max_size=3)),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.none() | LINES,
    st.none() | st.text(max_size=3),
)


def written(sold: Sold) -> dict[str, object]:
    found: dict[str, object] = msgspec.json.decode(msgspec.json.encode(sold))
    return found


@given(SOLD)
def test_what_is_written_fits_both(sold: Sold) -> None:
    assert WRITER.is_valid(written(sold))
    assert READER.is_valid(written(sold))


@given(SOLD)
def test_what_is_new_is_passed_over_by_readers_at_every_depth(sold: Sold) -> None:
    document = written(sold)
    lines = document["lines"]
    assert isinstance(lines, list)
    for place in (document, *lines, document["packing"]):
        assert isinstance(place, dict)
        place["new"] = True
        assert not WRITER.is_valid(document)
        assert READER.is_valid(document)
        del place["new"]


@given(SOLD)
def test_what_has_a_default_may_be_missing_for_readers_only(sold: Sold) -> None:
    document = written(sold)
    for name in ("prices", "properties", "note"):
        del document[name]
    assert READER.is_valid(document)
    assert not WRITER.is_valid(document)
    assert msgspec.json.decode(msgspec.json.encode(document), type=Sold).id == sold.id


def test_what_a_reader_cannot_do_without_is_asked_for() -> None:
    assert not READER.is_valid({"lines": [], "packing": {"type": "bag"}})
    assert not READER.is_valid(
        {"id": "1", "lines": [{"sku": "a", "pieces": 0}], "packing": {"type": "bag"}}
    )
    assert READER.is_valid({"id": "1", "lines": [{"sku": "a"}], "packing": {"type": "bag"}})


def test_tuples_and_free_objects_stay_what_they_are() -> None:
    class Odd(msgspec.Struct):
        pair: tuple[int, Line]
        free: dict[str, Line]
        anything: object = None

    found = event_schemas.reader(Odd)
    assert found["$schema"] == event_schemas.DIALECT
    judge = jsonschema_rs.validator_for(found)
    assert judge.is_valid({"pair": [1, {"sku": "a", "new": 1}], "free": {"x": {"sku": "a"}}})
    assert not judge.is_valid({"pair": [1, {}], "free": {}})
    assert not judge.is_valid({"pair": [1, {"sku": "a"}], "free": {"x": 1}})
