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
from oort.rules.messaging.bodies import is_readable, named_twice

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
_FRAME = 500  # bytes of an envelope that holds no text, and more
_EACH = 30  # characters that frame an older body, and more
_DATA = b',"data":'  # the last member, behind which `_Envelope` has nothing more


def wrapped(message: Message) -> str:
    """The text of the envelope. A body that is no JSON is carried as base64, as CloudEvents has it."""
    if not _has_json(message):
        return _encoder.encode(_enveloped(message, message.body)).decode()
    return f"{_head(_enveloped(message)).decode()}{message.body.decode()}}}"


def size(message: Message) -> int:
    """The bytes of the envelope. A body that is JSON is not encoded for it."""
    if not _has_json(message):
        return len(_encoder.encode(_enveloped(message, message.body)))
    return len(_head(_enveloped(message))) + len(message.body) + 1


def bound(message: Message) -> int:
    """An upper bound of `size`, from lengths alone: no character of text needs more than six bytes in JSON.

    >>> size(Message(id="1", name="shop.sold", body=b"{}")) <= bound(Message(id="1", name="shop.sold", body=b"{}"))
    True
    """
    characters = (
        len(message.id) + 3 * len(message.name) + len(message.key) + len(message.traceparent)
    )
    older = sum(len(one.body) + _EACH for one in message.older)
    return 2 * len(message.body) + 6 * (characters + older) + _FRAME


def length(text: str) -> int:
    """The bytes of a text in UTF-8. A text in ASCII is not encoded for it."""
    return len(text) if text.isascii() else len(text.encode())


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
    searched = not _is_as_wrapped(text, found)
    if searched:
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
    body = _body(found)
    return Message(
        id=found.id,
        name=found.type,
        body=body,
        version=found.schemaversion,
        key=found.partitionkey,
        traceparent=found.traceparent,
        sent=found.time.timestamp(),
        oldest=found.schemaoldest,
        older=tuple(Older(version, bytes(body)) for version, body in older.items()),
        checked=searched and found.data is not msgspec.UNSET and is_readable(body),
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


def _is_as_wrapped(text: str | bytes, found: _Envelope) -> bool:
    """Tell if `wrapped` would make this text of the envelope: then no name stands twice outside of its data.

    The data are not encoded for it: the first data stand behind the same head, and the length leaves no room
    for others.
    """
    if found.data is msgspec.UNSET or found.data_base64 is not msgspec.UNSET:
        return _encoder.encode(found) == (
            text.encode(errors="replace") if isinstance(text, str) else text
        )
    head = _head(msgspec.structs.replace(found, data=msgspec.UNSET))
    if isinstance(text, bytes):
        return text.startswith(head) and len(text) == len(head) + len(bytes(found.data)) + 1
    return text.startswith(head.decode()) and length(text) == len(head) + len(bytes(found.data)) + 1


def _head(envelope: _Envelope) -> bytes:
    """All that stands in front of the data of an envelope that has none yet."""
    return _encoder.encode(envelope)[:-1] + _DATA


def _enveloped(message: Message, base64: bytes | msgspec.UnsetType = msgspec.UNSET) -> _Envelope:
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
        data_base64=base64,
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


def _has_json(message: Message) -> bool:
    if message.checked:
        return True
    try:
        _json.decode(message.body)
        message.body.decode()  # msgspec looks into no text that it passes over
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True
