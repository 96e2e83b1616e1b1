"""Every operation and result survives the wire, so that handlers may run in a process of their own."""

from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oort.model.operations import Commit, Lease, Operation, ReadSecret, Request, Result
from oort.model.resources import Kind
from tests.unit.rules.strategies import all_operations, all_results, texts

_requests = msgspec.msgpack.Decoder(Request)
_results: msgspec.msgpack.Decoder[Result] = msgspec.msgpack.Decoder(Result)


def exactly(value: object) -> str:
    """What tells 1 from 1.0 and from True, at any depth."""
    return repr(value)


@pytest.mark.unmeasured
@given(texts, all_operations)
def test_a_request_comes_back_unchanged_from_msgpack(token: str, operation: Operation) -> None:
    request = Request(token, operation)
    again = _requests.decode(msgspec.msgpack.encode(request))
    assert exactly(again) == exactly(request)


@pytest.mark.unmeasured
@given(all_results)
def test_a_result_comes_back_unchanged_from_msgpack(result: Result) -> None:
    again = _results.decode(msgspec.msgpack.encode(result))
    assert exactly(again) == exactly(result)
    assert again == result  # also what no text shows: the value of a secret


@pytest.mark.unmeasured
@given(st.lists(all_operations, max_size=3))
def test_operations_are_told_apart_by_their_tag(operations: list[Operation]) -> None:
    raw = msgspec.msgpack.encode(operations)
    assert [type(one) for one in msgspec.msgpack.decode(raw, type=list[Operation])] == [
        type(one) for one in operations
    ]


@pytest.mark.unmeasured
def test_every_kind_of_operation_and_result_is_drawn() -> None:
    seen = set()

    @settings(max_examples=400, derandomize=True)
    @given(all_operations | all_results)
    def draw(value: Operation | Result) -> None:
        seen.add(type(value))

    draw()
    assert seen == {*get_args(Operation), *get_args(Result)}


@pytest.mark.unmeasured
@given(all_operations.filter(lambda operation: not isinstance(operation, Commit)))
def test_an_operation_names_its_resource_once(operation: Operation) -> None:
    assert not isinstance(operation, Commit)
    first = getattr(operation, operation.__struct_fields__[0])
    assert operation.resource == (first.function if isinstance(first, Lease) else first)
    assert operation.action
    assert operation.kind in Kind


def test_a_secret_is_read_by_its_name() -> None:
    assert ReadSecret("shop.key").resource == "shop.key"
