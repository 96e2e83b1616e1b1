"""The envelope gives back exactly the message that was put in, whatever its body, and refuses what is none."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oort.model import limits
from oort.model.errors import InvalidValue, LimitExceeded, NotUnderstood
from oort.model.messages import Message, Older, Reason
from oort.rules.messaging import envelopes, messages

TEXT = st.text(max_size=20)  # hypothesis draws no surrogates


@given(
    st.binary(max_size=40) | TEXT.map(lambda text: json.dumps({"a": text}).encode()),
    TEXT,
    TEXT,
    st.integers(1, 99),
)
def test_a_message_comes_back_as_it_was(body: bytes, id: str, key: str, version: int) -> None:
    message = Message(
        id=id,
        name="shop.sold",
        body=body,
        key=key,
        version=version,
        traceparent="00-a-b-01",
        sent=1.5,
    )
    found = envelopes.unwrapped(envelopes.wrapped(message))
    assert found == message or (
        found.body.strip() == body.strip() and found.id == id
    )  # JSON may lose outer white space


def test_a_body_that_is_json_stands_in_it_as_json() -> None:
    document = json.loads(
        envelopes.wrapped(Message(id="1", name="shop.sold", body=b'{"n":1}', sent=1.5))
    )
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
    with pytest.raises(NotUnderstood) as caught:
        envelopes.unwrapped(text)
    assert caught.value.fault.reason in {Reason.MALFORMED, Reason.TOO_DEEP}


_HEAD = '{"specversion":"1.0","id":"1","source":"/a","type":"a.b","time":"2026-01-01T00:00:00Z"'


def test_an_envelope_that_is_nested_without_end_is_too_deep() -> None:
    with pytest.raises(NotUnderstood) as caught:
        envelopes.unwrapped(f'{_HEAD},"data":{"[" * 100_000}{"]" * 100_000}}}')
    assert caught.value.fault.reason is Reason.TOO_DEEP


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; charset=utf-8", "application/problem+json"]
)
def test_json_has_several_names(kind: str) -> None:
    assert envelopes.unwrapped(f'{_HEAD},"datacontenttype":"{kind}","data":1}}').body == b"1"


@pytest.mark.parametrize("kind", ["text/plain", "", "application/jsonx", "x" * 10_000])
def test_another_content_type_is_no_message_of_ours(kind: str) -> None:
    with pytest.raises(NotUnderstood) as caught:
        envelopes.unwrapped(f'{_HEAD},"datacontenttype":"{kind}","data":1}}')
    assert caught.value.fault.reason is Reason.CONTENT_TYPE
    assert len(caught.value.fault.detail) < 300


@pytest.mark.parametrize("older", ["x", "[]", '{\\"a\\":1}'])
def test_older_data_that_cannot_be_read_is_malformed(older: str) -> None:
    with pytest.raises(NotUnderstood):
        envelopes.unwrapped(f'{_HEAD},"olderdata":"{older}"}}')


@pytest.mark.parametrize(
    "twice",
    [
        '"id":"2"',
        '"type":"c.d"',
        '"data":1,"data":2',
        '"other":1,"other":1',
        '"tr\\u0061ceparent":"","traceparent":""',
    ],
)
def test_an_envelope_that_says_two_things_is_no_message(twice: str) -> None:
    for text in (f"{_HEAD},{twice}}}", f"{_HEAD},{twice}}}".encode()):
        with pytest.raises(NotUnderstood) as caught:
            envelopes.unwrapped(text)
        assert caught.value.fault.reason is Reason.REPEATED_NAME


def test_others_may_write_it_in_another_form() -> None:
    text = f'  {_HEAD}, "new": 1, "data" : {{ "n" : 1.0 }} }}'
    assert envelopes.unwrapped(text).body == b'{ "n" : 1.0 }'


def test_a_newer_event_carries_what_older_consumers_need() -> None:
    older = (Older(2, b'{"id":"1"}'), Older(1, b'"x"'))
    message = Message(
        id="1", name="a.b", body=b'{"n":1}', version=3, sent=1.0, oldest=3, older=older
    )
    text = envelopes.wrapped(message)
    assert envelopes.unwrapped(text) == message
    told = msgspec.json.decode(text)
    assert (told["dataschema"], told["schemaversion"], told["schemaoldest"]) == (
        "urn:oort:a.b:3",
        3,
        3,
    )
    assert all(
        isinstance(value, str | int) for name, value in told.items() if name != "data"
    )  # as CloudEvents has it


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
