"""Messages as the store keeps them, those of the release before included."""

from oort.engine.services import messages
from oort.model.messages import Message, Older

_BEFORE = (
    b'\x89\xa2id\xa11\xa4name\xaesuite.happened\xa4body\xc4\x07{"n":1}\xa7version\x02\xa3key\xa1k'
    b"\xabtraceparent\xa900-a-b-01\xa4sent\xcb?\xf8\x00\x00\x00\x00\x00\x00\xa6oldest\x01"
    b"\xa5older\x91\x82\xa7version\x01\xa4body\xc4\x02{}"
)


def test_a_payload_that_the_release_before_packed_is_a_message_whose_body_is_still_to_be_checked() -> (
    None
):
    found = messages.unpacked(_BEFORE)
    older = (Older(1, b"{}"),)
    assert found == Message(
        id="1", name="suite.happened", body=b'{"n":1}', version=2, key="k", traceparent="00-a-b-01", sent=1.5,
        oldest=1, older=older,
    )  # fmt: skip
    assert not found.checked


def test_a_message_comes_back_as_it_was_packed() -> None:
    message = Message(id="1", name="suite.work", body=b"{}", checked=True)
    assert messages.unpacked(messages.packed(message)) == message
