"""The envelope of a message outside of the engine: structured CloudEvents 1.0 in JSON.

It has trace context. SNS and SQS carry a text with all data that a consumer needs to judge a
message, so that no attribute can get lost and no registry is needed: the event's version, its
schema, the oldest version whose consumers can read the body, and the bodies for older consumers.
The adapters of AWS write and read envelopes, and both targets measure a message with them.
"""

from datetime import UTC, datetime, timedelta

import msgspec

from oort.model import names
from oort.model.errors import NotUnderstood
from oort.model.messages import Fault, Message, Older, Reason
from oort.rules.messaging.bodies import is_readable, named_twice

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Envelope(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The attributes of CloudEvents, with extensions in lower case, as the standard requires."""

    specversion: str
    id: str
    source: str
    type: str
    time: datetime
    datacontenttype: str = "application/json"
    dataschema: str = ""
    schemaversion: int | msgspec.UnsetType = msgspec.UNSET  # 1 is not written
    schemaoldest: int = 0
    olderdata: str = ""  # a JSON object from versions to data, as text: extensions are plain values
    partitionkey: str = ""
    traceparent: str = ""
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    data_base64: bytes | msgspec.UnsetType = msgspec.UNSET


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Envelope)
_json = msgspec.json.Decoder(msgspec.Raw)
_older = msgspec.json.Decoder(dict[int, msgspec.Raw])
_INSTEAD = "Publish it through Oort."
_SCHEMA = "urn:oort:"
_DIGITS = 10  # of a version
_FRAME = 500  # an upper bound of the bytes of an empty envelope
_EACH = 30  # an upper bound of the characters around an older body
_DATA = b',"data":'  # the last member of an envelope with JSON data


def wrapped(message: Message) -> str:
    """Return the text of the envelope. A body that is not JSON is base64, as in CloudEvents."""
    if not _has_json(message):
        return _encoder.encode(_enveloped(message, message.body)).decode()
    return f"{_head(_enveloped(message)).decode()}{message.body.decode()}}}"


def size(message: Message) -> int:
    """Return the bytes of the envelope. A JSON body is not encoded to measure the envelope."""
    if not _has_json(message):
        return len(_encoder.encode(_enveloped(message, message.body)))
    return len(_head(_enveloped(message))) + len(message.body) + 1


def bound(message: Message) -> int:
    """Return an upper bound of `size`, from lengths: a character needs at most six bytes in JSON.

    >>> message = Message(id="1", name="shop.sold", body=b"{}")
    >>> size(message) <= bound(message)
    True
    """
    characters = (
        len(message.id) + 3 * len(message.name) + len(message.key) + len(message.traceparent)
    )
    older = sum(len(earlier.body) + _EACH for earlier in message.older)
    return 2 * len(message.body) + 6 * (characters + older) + _FRAME


def length(text: str) -> int:
    """Return the bytes of a text in UTF-8. A text in ASCII is not encoded."""
    return len(text) if text.isascii() else len(text.encode())


def unwrapped(text: str | bytes) -> Message:
    """Return the message in an envelope.

    Raises NotUnderstood for a text that is not an envelope with JSON.

    >>> unwrapped(wrapped(Message(id="1", name="shop.sold", body=b'{"n":1}', sent=1.5))).body
    b'{"n":1}'
    """
    try:
        envelope = _decoder.decode(text)
        older = _older.decode(envelope.olderdata) if envelope.olderdata else {}
    except RecursionError as error:
        raise _refused(Reason.TOO_DEEP, "A message is nested too deeply.") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _refused(
            Reason.MALFORMED, f"A message is not a CloudEvents envelope: {error}."
        ) from error
    # An envelope that `wrapped` would write has no repeated names; others have to be searched.
    searched = not _is_as_wrapped(text, envelope)
    if searched:
        _refuse_repeats(text, envelope.id)
    if envelope.specversion != "1.0":
        raise _refused(
            Reason.MALFORMED,
            f"The message {envelope.id} has CloudEvents {envelope.specversion}, not 1.0.",
        )
    if not _says_json(envelope.datacontenttype):
        raise _refused(
            Reason.CONTENT_TYPE,
            f"The message {envelope.id} holds {envelope.datacontenttype[:100]!r}, not JSON.",
        )
    body = _body(envelope)
    return Message(
        id=envelope.id,
        name=envelope.type,
        body=body,
        version=_version(envelope),
        key=envelope.partitionkey,
        traceparent=envelope.traceparent,
        sent=envelope.time.timestamp(),
        oldest=envelope.schemaoldest,
        older=tuple(Older(version, bytes(body)) for version, body in older.items()),
        checked=searched and envelope.data is not msgspec.UNSET and is_readable(body),
    )


def schema_of(event: str, version: int) -> str:
    """Return the URI of the schema of an event's version.

    >>> schema_of("shop.sold", 2)
    'urn:oort:shop.sold:2'
    """
    return f"{_SCHEMA}{event}:{version}"


def _version(envelope: _Envelope) -> int:
    """Return the version of the event, from its schema if the extension attributes were lost.

    Raises NotUnderstood if the two differ: to read the data as another version can mean another
    amount.
    """
    given = envelope.schemaversion
    if not envelope.dataschema.startswith(_SCHEMA):  # of another sender, or a message of a queue
        return 1 if given is msgspec.UNSET else given
    name, _, number = envelope.dataschema.removeprefix(_SCHEMA).rpartition(":")
    version = int(number) if number.isdecimal() and len(number) < _DIGITS else 0
    if name != envelope.type or version < 1 or given not in (msgspec.UNSET, version):
        raise _refused(
            Reason.MALFORMED,
            f"The message {envelope.id} is {envelope.type} version "
            f"{1 if given is msgspec.UNSET else given}, but its schema is {envelope.dataschema[:200]!r}.",
        )
    return version


def _refuse_repeats(text: str | bytes, id: str) -> None:
    name = named_twice(text if isinstance(text, str) else text.decode(errors="replace"))
    if name is not None:
        raise _refused(
            Reason.REPEATED_NAME, f"The message {id} names {name[:100]!r} twice in one object."
        )


def _refused(reason: Reason, detail: str) -> NotUnderstood:
    return NotUnderstood(Fault(reason, detail), _INSTEAD)


def _is_as_wrapped(text: str | bytes, envelope: _Envelope) -> bool:
    """True if `wrapped` would write this text: then no name is repeated outside of its data.

    The data are not encoded to see this: the first data stand behind the same head, and the length
    leaves no room for others.
    """
    if envelope.data is msgspec.UNSET or envelope.data_base64 is not msgspec.UNSET:
        return _encoder.encode(envelope) == (
            text.encode(errors="replace") if isinstance(text, str) else text
        )
    head = _head(msgspec.structs.replace(envelope, data=msgspec.UNSET))
    if isinstance(text, bytes):
        return text.startswith(head) and len(text) == len(head) + len(bytes(envelope.data)) + 1
    return (
        text.startswith(head.decode()) and length(text) == len(head) + len(bytes(envelope.data)) + 1
    )


def _head(envelope: _Envelope) -> bytes:
    """Return the text in front of the data, for an envelope without data."""
    return _encoder.encode(envelope)[:-1] + _DATA


def _enveloped(message: Message, base64: bytes | msgspec.UnsetType = msgspec.UNSET) -> _Envelope:
    return _Envelope(
        specversion="1.0",
        id=message.id,
        source=f"/{names.owner(message.name)}",
        type=message.name,
        time=_EPOCH + timedelta(seconds=message.sent),
        dataschema=schema_of(message.name, message.version) if message.oldest else "",
        schemaversion=msgspec.UNSET if message.version == 1 else message.version,
        schemaoldest=message.oldest,
        olderdata=_joined(message.older),
        partitionkey=message.key,
        traceparent=message.traceparent,
        data_base64=base64,
    )


def _joined(older: tuple[Older, ...]) -> str:
    if not older:
        return ""
    return _encoder.encode(
        {str(earlier.version): msgspec.Raw(earlier.body) for earlier in older}
    ).decode()


def _says_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def _body(envelope: _Envelope) -> bytes:
    if isinstance(envelope.data, msgspec.Raw):
        return bytes(envelope.data)
    return b"" if envelope.data_base64 is msgspec.UNSET else envelope.data_base64


def _has_json(message: Message) -> bool:
    if message.checked:
        return True
    try:
        _json.decode(message.body)
        message.body.decode()  # msgspec does not validate the text of a Raw value
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True
