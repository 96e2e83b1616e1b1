"""The envelope in which a message travels outside the engine: CloudEvents 1.0 in structured JSON, with trace context.

SNS and SQS carry one text; everything a consumer needs to judge a message stands in it, so no attribute can get lost on
the way, and no registry has to be asked: the event's version, its schema, the oldest version whose consumers can read it, and
what older consumers get instead. The adapters of AWS write and read it, and both targets measure a message by it.
"""

from datetime import UTC, datetime, timedelta

import msgspec

from oort.model import names
from oort.model.errors import NotUnderstood
from oort.model.messages import Fault, Message, Older, Reason
from oort.rules.messaging.bodies import named_twice

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Envelope(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The attributes of CloudEvents, and its extensions in lower case as it demands."""

    specversion: str
    id: str
    source: str
    type: str
    time: datetime
    datacontenttype: str = "application/json"
    dataschema: str = ""
    schemaversion: int = 1
    schemaoldest: int = 0
    olderdata: str = ""  # extensions are plain values: a JSON object from versions to data, as text
    partitionkey: str = ""
    traceparent: str = ""
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    data_base64: bytes | msgspec.UnsetType = msgspec.UNSET


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Envelope)
_json = msgspec.json.Decoder(msgspec.Raw)
_older = msgspec.json.Decoder(dict[int, msgspec.Raw])
_INSTEAD = "Publish it through Oort."


def wrapped(message: Message) -> str:
    """The text of the envelope. A body that is no JSON is carried as base64, as CloudEvents has it."""
    return _encoder.encode(_enveloped(message)).decode()


def size(message: Message) -> int:
    """The bytes of the envelope."""
    return len(_encoder.encode(_enveloped(message)))


def unwrapped(text: str | bytes) -> Message:
    """The message in an envelope. Raises NotUnderstood if it is none, or holds no JSON.

    >>> unwrapped(wrapped(Message(id="1", name="shop.sold", body=b'{"n":1}', sent=1.5))).body
    b'{"n":1}'
    """
    try:
        found = _decoder.decode(text)
        older = _older.decode(found.olderdata) if found.olderdata else {}
    except RecursionError as error:
        raise _refused(Reason.TOO_DEEP, "A message is nested too deeply.") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _refused(
            Reason.MALFORMED, f"A message is no CloudEvents envelope: {error}."
        ) from error
    # What Oort wrote comes out as it went in; only what others wrote has to be searched.
    if _encoder.encode(found) != (text.encode(errors="replace") if isinstance(text, str) else text):
        _refuse_repeats(text, found.id)
    if found.specversion != "1.0":
        raise _refused(
            Reason.MALFORMED,
            f"The message {found.id} has CloudEvents {found.specversion}, not 1.0.",
        )
    if not _says_json(found.datacontenttype):
        raise _refused(
            Reason.CONTENT_TYPE,
            f"The message {found.id} holds {found.datacontenttype[:100]!r}, not JSON.",
        )
    return Message(
        id=found.id,
        name=found.type,
        body=_body(found),
        version=found.schemaversion,
        key=found.partitionkey,
        traceparent=found.traceparent,
        sent=found.time.timestamp(),
        oldest=found.schemaoldest,
        older=tuple(Older(version, bytes(body)) for version, body in older.items()),
    )


def schema_of(event: str, version: int) -> str:
    """The URI that names the schema of a version of an event.

    >>> schema_of("shop.sold", 2)
    'urn:oort:shop.sold:2'
    """
    return f"urn:oort:{event}:{version}"


def _refuse_repeats(text: str | bytes, id: str) -> None:
    twice = named_twice(text if isinstance(text, str) else text.decode(errors="replace"))
    if twice is not None:
        raise _refused(
            Reason.REPEATED_NAME, f"The message {id} names {twice[:100]!r} twice in one object."
        )


def _refused(reason: Reason, detail: str) -> NotUnderstood:
    return NotUnderstood(Fault(reason, detail), _INSTEAD)


def _enveloped(message: Message) -> _Envelope:
    readable = _is_json(message.body)
    return _Envelope(
        specversion="1.0",
        id=message.id,
        source=f"/{names.owner(message.name)}",
        type=message.name,
        time=_EPOCH + timedelta(seconds=message.sent),
        dataschema=schema_of(message.name, message.version) if message.oldest else "",
        schemaversion=message.version,
        schemaoldest=message.oldest,
        olderdata=_joined(message.older),
        partitionkey=message.key,
        traceparent=message.traceparent,
        data=msgspec.Raw(message.body) if readable else msgspec.UNSET,
        data_base64=msgspec.UNSET if readable else message.body,
    )


def _joined(older: tuple[Older, ...]) -> str:
    if not older:
        return ""
    return _encoder.encode({str(one.version): msgspec.Raw(one.body) for one in older}).decode()


def _says_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def _body(found: _Envelope) -> bytes:
    if isinstance(found.data, msgspec.Raw):
        return bytes(found.data)
    return b"" if found.data_base64 is msgspec.UNSET else found.data_base64


def _is_json(body: bytes) -> bool:
    try:
        _json.decode(body)
        body.decode()  # msgspec looks into no text that it passes over
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True
