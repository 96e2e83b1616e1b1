"""The envelope in which a message travels outside the engine: CloudEvents 1.0 in structured JSON, with trace context.

SNS and SQS carry one text; everything a consumer needs to judge a message stands in it, so no attribute can get lost on
the way. The adapters of AWS write and read it, and both targets measure a message by it.
"""

from datetime import UTC, datetime, timedelta

import msgspec

from oort.model import names
from oort.model.errors import Unreadable
from oort.model.messages import Message

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Envelope(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The attributes of CloudEvents, and its extensions in lower case as it demands."""

    specversion: str
    id: str
    source: str
    type: str
    time: datetime
    datacontenttype: str = "application/json"
    schemaversion: int = 1
    partitionkey: str = ""
    traceparent: str = ""
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    data_base64: bytes | msgspec.UnsetType = msgspec.UNSET


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Envelope)
_json = msgspec.json.Decoder(msgspec.Raw)


def wrapped(message: Message) -> str:
    """The text of the envelope. A body that is no JSON is carried as base64, as CloudEvents has it."""
    return _encoder.encode(_enveloped(message)).decode()


def size(message: Message) -> int:
    """The bytes of the envelope."""
    return len(_encoder.encode(_enveloped(message)))


def unwrapped(text: str | bytes) -> Message:
    """The message in an envelope. Raises Unreadable if it is none.

    >>> unwrapped(wrapped(Message(id="1", name="shop.sold", body=b'{"n":1}', sent=1.5))).body
    b'{"n":1}'
    """
    try:
        found = _decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"A message is no CloudEvents envelope: {error}.", "Publish it through Oort.") from error
    if found.specversion != "1.0":
        raise Unreadable(f"The message {found.id} has CloudEvents {found.specversion}.", "This version reads 1.0.")
    return Message(
        id=found.id,
        name=found.type,
        body=_body(found),
        version=found.schemaversion,
        key=found.partitionkey,
        traceparent=found.traceparent,
        sent=found.time.timestamp(),
    )


def _enveloped(message: Message) -> _Envelope:
    readable = _is_json(message.body)
    return _Envelope(
        specversion="1.0",
        id=message.id,
        source=f"/{names.owner(message.name)}",
        type=message.name,
        time=_EPOCH + timedelta(seconds=message.sent),
        schemaversion=message.version,
        partitionkey=message.key,
        traceparent=message.traceparent,
        data=msgspec.Raw(message.body) if readable else msgspec.UNSET,
        data_base64=msgspec.UNSET if readable else message.body,
    )


def _body(found: _Envelope) -> bytes:
    if isinstance(found.data, msgspec.Raw):
        return bytes(found.data)
    return b"" if found.data_base64 is msgspec.UNSET else found.data_base64


def _is_json(body: bytes) -> bool:
    try:
        _json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True
