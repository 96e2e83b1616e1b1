"""Every operation and result survives the wire, so that handlers may run in a process of their own."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from oort.model.operations import Operation, Request, Result
from tests.unit.rules.strategies import all_operations, all_results, texts

_requests = msgspec.msgpack.Decoder(Request)
_results: msgspec.msgpack.Decoder[Result] = msgspec.msgpack.Decoder(Result)


def exactly(value: object) -> str:
    """What tells 1 from 1.0 and from True, at any depth."""
    return repr(value)


@given(texts, all_operations)
def test_a_request_comes_back_unchanged_from_msgpack(token: str, operation: Operation) -> None:
    request = Request(token, operation)
    again = _requests.decode(msgspec.msgpack.encode(request))
    assert exactly(again) == exactly(request)


@given(all_results)
def test_a_result_comes_back_unchanged_from_msgpack(result: Result) -> None:
    assert exactly(_results.decode(msgspec.msgpack.encode(result))) == exactly(result)


@given(st.lists(all_operations, max_size=3))
def test_operations_are_told_apart_by_their_tag(operations: list[Operation]) -> None:
    raw = msgspec.msgpack.encode(operations)
    assert [type(one) for one in msgspec.msgpack.decode(raw, type=list[Operation])] == [
        type(one) for one in operations
    ]
