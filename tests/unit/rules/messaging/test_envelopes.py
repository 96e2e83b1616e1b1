"""The envelope gives back exactly the message that was put in, whatever its body, and refuses what is none."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from oort.model import limits
from oort.model.errors import InvalidValue, LimitExceeded, NotUnderstood
from oort.model.messages import Message, Older, Reason, Sealed
from oort.rules.messaging import bodies, envelopes, messages

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


@given(
    st.binary(max_size=40)
    | TEXT.map(lambda text: json.dumps({"a": text}, ensure_ascii=False).encode()),
    TEXT,
)
def test_the_size_is_known_without_the_text(body: bytes, key: str) -> None:
    message = Message(
        id="é",
        name="shop.sold",
        body=body,
        key=key,
        sent=1.5,
        older=(Older(1, b'{"a":"\xc3\xa9"}'),),
    )
    text = envelopes.wrapped(message)
    assert envelopes.size(message) == len(text.encode()) == envelopes.length(text)
    assert messages.sealed(message) == Sealed(message, text)


@given(
    st.binary(max_size=40), st.text(max_size=9) | st.just("\x01" * 50), st.integers(0, 2**63 - 1),
    st.lists(st.sampled_from([b"{}", b'"\xc3\xa9\\\\"', b" \n\t[ 1]", b'["\x7f"]']), max_size=3),
)  # fmt: skip
def test_no_envelope_is_larger_than_its_bound(
    body: bytes, text: str, version: int, older: list[bytes]
) -> None:
    message = Message(
        id=text, name=f"{text}.{text}", body=body, version=version, key=text, traceparent=text, sent=1.5,
        oldest=version, older=tuple(Older(version - number, one) for number, one in enumerate(older)),
    )  # fmt: skip
    assert envelopes.size(message) <= envelopes.bound(message)


@given(TEXT.map(lambda text: json.dumps({"a": text}, ensure_ascii=False).encode()), TEXT)
def test_a_checked_body_is_carried_and_measured_as_any_other(body: bytes, key: str) -> None:
    message = Message(id="1", name="shop.sold", body=body, key=key, sent=1.5)
    checked = replace(message, checked=True)
    assert envelopes.wrapped(checked) == envelopes.wrapped(message)
    assert envelopes.size(checked) == envelopes.size(message)


@pytest.mark.parametrize("body", [b'{"n":1,"n":1}', b'{"n":{"m":1,"m":2}}'])
def test_a_name_that_stands_twice_in_the_data_is_left_to_the_check_of_the_body(body: bytes) -> None:
    """As long as the envelope is as Oort writes it. In any other form the search goes through all of it."""
    text = envelopes.wrapped(Message(id="1", name="shop.sold", body=body, sent=1.5))
    for whole in (text, text.encode()):
        found = envelopes.unwrapped(whole)
        assert (found.body, found.checked) == (body, False)
        with pytest.raises(NotUnderstood) as caught:
            bodies.check(found)
        assert caught.value.fault.reason is Reason.REPEATED_NAME
    with pytest.raises(NotUnderstood) as caught:
        envelopes.unwrapped(f" {text}")
    assert caught.value.fault.reason is Reason.REPEATED_NAME


def test_what_others_wrote_is_searched_once() -> None:
    assert envelopes.unwrapped(f'{_HEAD}, "data" : {{"n" : 1}}}}').checked
    large = "x" * limits.MESSAGE_BYTES
    assert not envelopes.unwrapped(
        f'{_HEAD}, "data" : "{large}"}}'
    ).checked  # the check of the body tells its size
    assert not envelopes.unwrapped(f'{_HEAD}, "data_base64" : "eyJuIjoxfQ=="}}').checked
    assert not envelopes.unwrapped(f'{_HEAD},"data":{{"n":1}}}}').checked


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


def test_a_message_is_sealed_up_to_the_byte_that_is_allowed() -> None:
    empty = envelopes.size(Message(id="1", name="a.b", body=b'""'))
    fits, over = (
        Message(id="1", name="a.b", body=b'"%s"' % (b"x" * (limits.MESSAGE_BYTES - empty + more)))
        for more in (0, 1)
    )
    for accepts in (messages.check, messages.sealed):
        accepts(fits)
        with pytest.raises(
            LimitExceeded, match=f"has {limits.MESSAGE_BYTES + 1} bytes with its envelope"
        ):
            accepts(over)


def test_a_key_fits_into_an_outbox_row() -> None:
    fits = limits.PARTITION_KEY_BYTES - len("publish/shop.sold/")
    messages.check(Message(id="1", name="shop.sold", body=b"{}", key="k" * fits))
    with pytest.raises(InvalidValue, match=f"more than {fits} bytes"):
        messages.check(Message(id="1", name="shop.sold", body=b"{}", key="k" * (fits + 1)))


def lost(message: Message, *names: str) -> str:
    """The envelope without these attributes."""
    document = json.loads(envelopes.wrapped(message))
    return json.dumps({name: value for name, value in document.items() if name not in names})


def test_an_envelope_that_lost_its_extension_attributes_keeps_its_version() -> None:
    event = Message(id="1", name="shop.sold", body=b"{}", version=3, oldest=2)
    text = lost(event, "schemaversion", "schemaoldest", "olderdata", "partitionkey")
    assert envelopes.unwrapped(text).version == 3
    assert envelopes.unwrapped(envelopes.wrapped(event)).version == 3
    assert envelopes.unwrapped(lost(event, "dataschema")).version == 3


@pytest.mark.parametrize(
    "schema",
    ["urn:oort:shop.sold:2", "urn:oort:shop.other:3", "urn:oort:shop.sold:x", "urn:oort:"],
)
def test_an_envelope_that_contradicts_its_schema_is_parked(schema: str) -> None:
    event = Message(id="1", name="shop.sold", body=b"{}", version=3, oldest=3)
    document = {**json.loads(envelopes.wrapped(event)), "dataschema": schema}
    with pytest.raises(NotUnderstood, match="but its schema is"):
        envelopes.unwrapped(json.dumps(document))


def test_the_schema_of_another_sender_says_nothing_about_versions() -> None:
    event = Message(id="1", name="shop.sold", body=b"{}", version=3, oldest=3)
    document = {**json.loads(envelopes.wrapped(event)), "dataschema": "https://example.com/sold/7"}
    assert envelopes.unwrapped(json.dumps(document)).version == 3
    del document["schemaversion"]
    assert envelopes.unwrapped(json.dumps(document)).version == 1
