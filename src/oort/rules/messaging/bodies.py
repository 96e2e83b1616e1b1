"""Checks of a message's body: valid JSON with a single meaning.

The runtime checks before the handler runs.
"""

from collections import Counter

import msgspec

from oort.model import limits
from oort.model.errors import NotUnderstood
from oort.model.messages import Fault, Message, Reason

_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()
_INSTEAD = "Fix the sender of the message; `oort events release` delivers the message again."


def check(message: Message) -> None:
    """Raise NotUnderstood for a body that is too large or too deep, or not JSON.

    Raises it also for a body that repeats a member of an object. A body that is `checked` already
    is not read again.

    >>> check(Message(id="1", name="shop.sold", body=b'{"n": 1}'))
    >>> check(Message(id="1", name="shop.sold", body=b'{"n": 1, "n": 2}'))
    Traceback (most recent call last):
    oort.model.errors.NotUnderstood: shop.sold 1 names 'n' twice in one object. ...
    """
    if message.checked:
        return
    body = message.body
    if len(body) > limits.MESSAGE_BYTES:
        raise refusal(
            message, Reason.TOO_LARGE, f"has {len(body)} bytes, more than {limits.MESSAGE_BYTES}"
        )
    try:
        value = _decoder.decode(body)  # decodes every member, so that all its text is UTF-8
    except RecursionError as error:
        raise refusal(message, Reason.TOO_DEEP, "is nested too deeply") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise refusal(message, Reason.MALFORMED, f"is not JSON: {error}") from error
    if repeats_a_name(body, value):
        what = f"names {named(body)} twice in one object"
        raise refusal(message, Reason.REPEATED_NAME, what)


def is_readable(body: bytes) -> bool:
    """True if the body is JSON of a size and depth that `check` accepts.

    Repeated names are not searched.
    """
    try:
        _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return len(body) <= limits.MESSAGE_BYTES


def refusal(message: Message, reason: Reason, what: str, instead: str = _INSTEAD) -> NotUnderstood:
    """Return the error that parks the message."""
    return NotUnderstood(Fault(reason, f"{message.name} {message.id} {what}."), instead)


def repeats_a_name(body: bytes, value: object) -> bool:
    """True if an object of the body has a member twice. `value` is the decoded body.

    >>> repeats_a_name(b'{"a": 1, "a": 2}', {"a": 2})
    True
    """
    # A member has one colon, and the decoded value has lost the members that are repeated. All
    # other colons are in texts, which are the same on both sides.
    colons = body.count(b":")
    if isinstance(value, dict) and len(value) == colons:  # most bodies: nothing else has one
        return False
    return colons + _escaped_colons(body) > _encoder.encode(value).count(b":")


def named(body: bytes) -> str:
    """Return a name that a body repeats, for an error; its search is slow in a large body."""
    name = named_twice(body.decode()) if len(body) <= limits.MESSAGE_BYTES else None
    return "a member" if name is None else repr(name[:100])


def _escaped_colons(body: bytes) -> int:
    if b"\\u003" not in body:
        return 0
    single = body.replace(b"\\\\", b"")  # an escaped backslash begins no other escape
    return single.count(b"\\u003a") + single.count(b"\\u003A")


def named_twice(text: str) -> str | None:
    """Return a name that an object repeats; None without repeats.

    None also for a text that Python cannot read.

    >>> named_twice('[{"a": 1, "b": {"a": 2}}, {"c": 1, "c": 1}]')
    'c'
    """
    import json  # loaded only for what is not in our own form

    repeated: list[str] = []

    def look(pairs: list[tuple[str, object]]) -> None:
        if len(dict(pairs)) < len(pairs):
            counts = Counter(name for name, _ in pairs)
            repeated.extend(name for name, count in counts.items() if count > 1)

    try:  # numbers are not looked at: Python refuses long ones, which msgspec reads
        json.loads(text, object_pairs_hook=look, parse_int=len, parse_float=len)
    except (ValueError, RecursionError):  # limits of Python that msgspec does not have
        return None
    return min(repeated, default=None)
