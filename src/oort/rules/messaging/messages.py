"""Limits of messages on both targets: their size, their delay and their visibility time-out."""

import math
from datetime import timedelta

from oort.model import limits
from oort.model.errors import InvalidValue, LimitExceeded
from oort.model.messages import Message, Sealed
from oort.rules.cloud.cloud_names import outbox_row
from oort.rules.cloud.deployed import OutboxTable
from oort.rules.messaging import envelopes

_NOTHING = timedelta(0)


def check(message: Message) -> None:
    """Raise LimitExceeded if the message, in its envelope, is too large for SNS or SQS.

    Raises InvalidValue if its key is too long for the key of an outbox row.
    """
    # A message within the bound fits, and need not be measured.
    if envelopes.bound(message) > limits.MESSAGE_BYTES:
        _check_size(message, envelopes.size(message))
    _check_key(message)


def sealed(message: Message) -> Sealed:
    """Seal a message that `check` accepts, with the same errors.

    The measured text is the carried text.
    """
    text = envelopes.wrapped(message)
    _check_size(message, envelopes.length(text))
    _check_key(message)
    return Sealed(message, text)


def delay(seconds: float) -> timedelta:
    """Return a delay that SQS accepts; InvalidValue or LimitExceeded for any other delay.

    >>> delay(1.5)
    datetime.timedelta(seconds=1, microseconds=500000)
    """
    if not math.isfinite(seconds) or seconds < 0:
        raise InvalidValue(
            f"A message cannot be delayed by {seconds} seconds.", "Give a delay of 0 or more."
        )
    most = limits.MESSAGE_DELAY.total_seconds()
    if seconds > most:
        raise LimitExceeded(
            f"A message is to be delayed by {seconds:g} s; at most {most:g} s are allowed.",
            "Keep the time in a table.",
        )
    return timedelta(seconds=seconds)


def visibility(after: timedelta) -> timedelta:
    """Return a visibility time-out that SQS accepts.

    InvalidValue or LimitExceeded for any other.
    """
    if after < _NOTHING:
        raise InvalidValue(f"A message cannot come back {-after} ago.", "Give a time of 0 or more.")
    if after > limits.VISIBILITY:
        raise LimitExceeded(
            f"A message is to come back after {after}; at most {limits.VISIBILITY} are allowed."
        )
    return after


def _check_size(message: Message, size: int) -> None:
    if size > limits.MESSAGE_BYTES:
        raise LimitExceeded(
            f"A message of {message.name} has {size} bytes with its envelope; "
            f"at most {limits.MESSAGE_BYTES} are allowed.",
            "Store the content in a table and send its key.",
        )


def _check_key(message: Message) -> None:
    row = len(
        outbox_row(OutboxTable.PUBLISH, message.name, message.key).encode(errors="surrogatepass")
    )
    if row > limits.PARTITION_KEY_BYTES:
        most = limits.PARTITION_KEY_BYTES - row + len(message.key.encode(errors="surrogatepass"))
        raise InvalidValue(
            f"The key of {message.name} has more than {most} bytes.", "Shorten or hash it."
        )
