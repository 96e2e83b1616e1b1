"""Checks of a message's body: valid JSON with a single meaning.

The runtime checks before the handler runs.
"""

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
    # A body that is encoded to the same bytes has no repeated names. It saves the slower search.
    if _encoder.encode(value) != body and (name := named_twice(body.decode())) is not None:
        raise refusal(message, Reason.REPEATED_NAME, f"names {name[:100]!r} twice in one object")


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


def named_twice(text: str) -> str | None:
    """Return a name that an object repeats; None without repeats.

    None also for a text that Python cannot read.

    >>> named_twice('[{"a": 1, "b": {"a": 2}}, {"c": 1, "c": 1}]')
    'c'
    """
    import json  # loaded for messages of other senders only

    repeated: list[str] = []

    def look(pairs: list[tuple[str, object]]) -> None:
        names = [name for name, _ in pairs]
        repeated.extend(name for name in set(names) if names.count(name) > 1)

    try:
        json.loads(text, object_pairs_hook=look)
    except (ValueError, RecursionError):  # limits of Python that msgspec does not have
        return None
    return min(repeated, default=None)
