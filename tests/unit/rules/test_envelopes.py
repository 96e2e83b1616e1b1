"""The envelope gives back exactly the message that was put in, whatever its body, and refuses what is none."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oort.model import limits
from oort.model.errors import InvalidValue, LimitExceeded, Unreadable
from oort.model.messages import Message
from oort.rules import envelopes, messages

TEXT = st.text(max_size=20)  # hypothesis draws no surrogates


@given(st.binary(max_size=40) | TEXT.map(lambda text: json.dumps({"a": text}).encode()), TEXT, TEXT, st.integers(1, 99))
def test_a_message_comes_back_as_it_was(body: bytes, id: str, key: str, version: int) -> None:
    message = Message(id=id, name="shop.sold", body=body, key=key, version=version, traceparent="00-a-b-01", sent=1.5)
    found = envelopes.unwrapped(envelopes.wrapped(message))
    assert found == message or (
        found.body.strip() == body.strip() and found.id == id
    )  # JSON may lose outer white space


def test_a_body_that_is_json_stands_in_it_as_json() -> None:
    document = json.loads(envelopes.wrapped(Message(id="1", name="shop.sold", body=b'{"n":1}', sent=1.5)))
    assert document["specversion"] == "1.0"
    assert document["type"] == "shop.sold"
    assert document["source"] == "/shop"
    assert document["time"] == "1970-01-01T00:00:01.500000Z"
    assert document["data"] == {"n": 1}


def test_times_come_back_to_the_microsecond() -> None:
    for sent in (0.0, 1764068400.123457, 1764068400.1, 4102444800.999999):
        message = Message(id="1", name="a.b", body=b"{}", sent=sent)
        assert envelopes.unwrapped(envelopes.wrapped(message)).sent == sent


@pytest.mark.parametrize(
    "text",
    ["", "x", "[]", '{"specversion":"1.0"}', '{"specversion":"2.0","id":"1","source":"/a","type":"a.b","time":"2026-01-01T00:00:00Z"}',
     '{"specversion":"1.0","id":1}', "[" * 5000, b"\xff"],
)  # fmt: skip
def test_what_is_no_envelope_is_unreadable(text: str | bytes) -> None:
    with pytest.raises(Unreadable):
        envelopes.unwrapped(text)


def test_an_envelope_without_data_has_an_empty_body() -> None:
    text = '{"specversion":"1.0","id":"1","source":"/a","type":"a.b","time":"2026-01-01T00:00:00Z"}'
    assert envelopes.unwrapped(text).body == b""


def test_the_size_is_that_of_the_text_in_utf_8() -> None:
    message = Message(id="é", name="a.b", body='"é"'.encode(), sent=1.0)
    assert envelopes.size(message) == len(envelopes.wrapped(message).encode())
    messages.check(message)
    with pytest.raises(LimitExceeded, match="with its envelope"):
        messages.check(Message(id="1", name="a.b", body=b'"' + b"x" * limits.MESSAGE_BYTES + b'"'))


def test_a_key_fits_into_an_outbox_row() -> None:
    fits = limits.PARTITION_KEY_BYTES - len("publish/shop.sold/")
    messages.check(Message(id="1", name="shop.sold", body=b"{}", key="k" * fits))
    with pytest.raises(InvalidValue, match=f"more than {fits} bytes"):
        messages.check(Message(id="1", name="shop.sold", body=b"{}", key="k" * (fits + 1)))
