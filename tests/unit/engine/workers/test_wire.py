"""Frames carry every operation and every result unchanged, however the bytes are cut."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oort.engine.rows import encoding
from oort.engine.workers import wire
from oort.engine.workers.wire import Failed, FromWorker, Line, Perform, Performed, ToWorker
from oort.model.items import AddTo, Equals, Item
from oort.model.operations import (
    Commit,
    Found,
    GetItem,
    Listed,
    Operation,
    PutItem,
    QueryIndex,
    Result,
    UpdateItem,
)
from tests.unit.rules.strategies import all_operations, all_results

HUGE, EXACT = 2**100, Decimal("0.12345678901234567890123456789")


def from_worker(frame: FromWorker) -> FromWorker:
    """Return the frame as the broker reads it."""
    (read,) = wire.Frames[FromWorker](FromWorker).take(bytes(wire.framed(frame)))
    return read


def to_worker(frame: ToWorker) -> ToWorker:
    """Return the frame as a worker reads it."""
    data = bytes(wire.framed(frame))
    assert wire.length(data[: wire.HEAD]) == len(data) - wire.HEAD
    read: ToWorker = wire.decoder(ToWorker).decode(data[wire.HEAD :])
    return read


@pytest.mark.unmeasured
@given(all_operations)
def test_an_operation_comes_back_unchanged(operation: Operation) -> None:
    frame = Perform("token", operation)
    assert repr(from_worker(frame)) == repr(frame)


@pytest.mark.unmeasured
@given(all_results)
def test_a_result_comes_back_unchanged(result: Result) -> None:
    frame = Performed(result)
    assert repr(to_worker(frame)) == repr(frame)


@pytest.mark.parametrize(
    "item", [None, {}, {"id": "1", "n": [HUGE, -HUGE, EXACT, 1.5, None, True, {"ü": "é"}]}]
)
def test_the_frame_of_stored_bytes_is_that_of_their_item(item: Item | None) -> None:
    frame = wire.found(None if item is None else encoding.encoded(item))
    assert wire.Frames[ToWorker](ToWorker).take(frame) == [Performed(Found(item))]


@pytest.mark.parametrize("number", [HUGE, -HUGE, EXACT, 2**63, -(2**63) - 1])
def test_numbers_have_all_their_digits_in_every_place(number: int | Decimal) -> None:
    item: Item = {"id": "1", "deep": {"list": [1, {"n": number}]}}
    operations: list[Operation] = [
        PutItem("t", item),
        PutItem("t", {"id": "1"}, when=Equals(("n",), number)),
        GetItem("t", (number,)),
        UpdateItem("t", ("1",), (AddTo(("n",), number),)),
        QueryIndex("t", "i", number, at_least=number),
        Commit((PutItem("t", item), UpdateItem("t", ("1",), (), initial=item))),
    ]
    for operation in operations:
        frame = Perform("token", operation)
        assert from_worker(frame) == frame
    for result in (Found(item), Listed([item, {"id": "2"}], None)):
        assert to_worker(Performed(result)) == Performed(result)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_frames_are_found_however_the_bytes_are_cut(sizes: list[int]) -> None:
    sent = [Line("a" * size) for size in (0, 1, 70, 3)]
    data = b"".join(bytes(wire.framed(line)) for line in sent)
    frames = wire.Frames[FromWorker](FromWorker)
    read: list[FromWorker] = []
    place = 0
    while place < len(data):
        size = sizes[place % len(sizes)]
        read += frames.take(data[place : place + size])
        place += size
    assert read == sent


@pytest.mark.parametrize("data", [b"\xff\xff\xff\xff", b"\x01\0\0\0\xc1", b"\x02\0\0\0\x91\xc1"])
def test_what_is_no_frame_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="A frame"):
        wire.Frames[FromWorker](FromWorker).take(data)


def test_a_failure_keeps_its_words() -> None:
    frame = Failed("state.lost", "It is gone.", "Start again.")
    assert to_worker(frame) == frame
