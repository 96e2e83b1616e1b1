"""Which messages both targets carry: how large one may be, how long it may be delayed, how soon it may come back."""

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
    """Raise LimitExceeded if the message, in its envelope, is larger than SNS and SQS both take.

    Raises InvalidValue if its key is longer than the key of an outbox row can be.
    """
    if envelopes.bound(message) > limits.MESSAGE_BYTES:  # else it fits, and need not be measured
        _check_size(message, envelopes.size(message))
    _check_key(message)


def sealed(message: Message) -> Sealed:
    """Seal a message that `check` accepts; raises what it raises. The text that is measured is the one to carry."""
    text = envelopes.wrapped(message)
    _check_size(message, envelopes.length(text))
    _check_key(message)
    return Sealed(message, text)


def delay(seconds: float) -> timedelta:
    """A delay that SQS would accept; InvalidValue or LimitExceeded if it is none.

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
    """A visibility time-out that SQS would accept; InvalidValue or LimitExceeded if it is none."""
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
            f"A message of {message.name} has {size} bytes with its envelope; at most {limits.MESSAGE_BYTES} are allowed.",
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
