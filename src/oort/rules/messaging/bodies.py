"""Whether the body of a message is JSON that means one thing. The runtime asks before a handler sees any of it."""

import msgspec

from oort.model import limits
from oort.model.errors import NotUnderstood
from oort.model.messages import Fault, Message, Reason

_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()
_INSTEAD = "Mend whoever sent it; `oort events release` hands it over once more."


def check(message: Message) -> None:
    """Raise NotUnderstood for a body that is too large, no JSON, nested too deeply, or names a member of an object twice.

    A message whose body is `checked` already is not read again.

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
        value = _decoder.decode(body)  # it passes over nothing, so all text in it is UTF-8
    except RecursionError as error:
        raise refusal(message, Reason.TOO_DEEP, "is nested too deeply") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise refusal(message, Reason.MALFORMED, f"is no JSON: {error}") from error
    # What Oort itself wrote comes out as it went in, and then nothing stood in it twice. It saves the slower look.
    if _encoder.encode(value) != body and (twice := named_twice(body.decode())) is not None:
        raise refusal(message, Reason.REPEATED_NAME, f"names {twice[:100]!r} twice in one object")


def is_readable(body: bytes) -> bool:
    """Tell if the body is JSON of a size and depth that `check` accepts. Repeated names are not searched."""
    try:
        _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return len(body) <= limits.MESSAGE_BYTES


def refusal(message: Message, reason: Reason, what: str, instead: str = _INSTEAD) -> NotUnderstood:
    """The error that parks the message."""
    return NotUnderstood(Fault(reason, f"{message.name} {message.id} {what}."), instead)


def named_twice(text: str) -> str | None:
    """A name that an object holds more than once; None if there is none, or if Python cannot read the text.

    >>> named_twice('[{"a": 1, "b": {"a": 2}}, {"c": 1, "c": 1}]')
    'c'
    """
    import json  # for what others wrote only

    found: list[str] = []

    def look(pairs: list[tuple[str, object]]) -> None:
        names = [name for name, _ in pairs]
        found.extend(name for name in set(names) if names.count(name) > 1)

    try:
        json.loads(text, object_pairs_hook=look)
    except (
        ValueError,
        RecursionError,
    ):  # msgspec has read it; Python's limits on numbers and depth are its own
        return None
    return min(found, default=None)
