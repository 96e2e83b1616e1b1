"""Rules for external effects: the idempotency key, the name, the lease and the result.

`Once` and the adapters of both targets call them.
"""

from datetime import timedelta
from uuid import UUID, uuid5

from oort.model import limits, names
from oort.model.errors import EffectInProgress, InvalidUse, LimitExceeded
from oort.model.operations import Lease

# Never change it: to every provider, a repeated delivery would look new.
_KEYS = UUID("2d456942-b3f5-4a20-8c1d-aa0241dc9db9")


def key(function: str, message: str, name: str) -> str:
    """Return the idempotency key of an effect, the same for every delivery of the message.

    No other effect has the key.

    >>> key("billing.charge", "0190", "charge") == key("billing.charge", "0190", "charge")
    True
    >>> len(key("billing.charge", "0190", "charge"))
    36
    """
    return str(uuid5(_KEYS, f"{function}/{message}/{name}"))


def length(seconds: float) -> timedelta:
    """Return the length of a lease. LimitExceeded if the length is not possible."""
    if not 0 < seconds <= limits.VISIBILITY.total_seconds():
        raise LimitExceeded(
            f"A lease of {seconds:g} seconds is not possible.",
            f"It is above 0 and at most {limits.VISIBILITY}.",
        )
    return timedelta(seconds=seconds)


def check(lease: Lease) -> None:
    """Raise InvalidUse if the effect's name is not valid."""
    if not names.EFFECT.fullmatch(lease.name):
        raise InvalidUse(
            f"{lease.name!r} is not the name of an effect.",
            "Use 1 to 64 letters, digits, dots, dashes, colons and _.",
        )


def check_result(result: bytes) -> None:
    """Raise LimitExceeded if a result is too large to be kept."""
    if len(result) > limits.EFFECT_RESULT_BYTES:
        raise LimitExceeded(
            f"A result of {len(result):,} bytes cannot be kept; "
            f"at most {limits.EFFECT_RESULT_BYTES:,}.",
            "Let the effect return its id, and store the rest elsewhere.",
        )


def in_progress(lease: Lease, *, after: timedelta) -> EffectInProgress:
    """Return the error for an effect whose lease another holder has, for the time `after`."""
    return EffectInProgress(
        f"Another delivery of {lease.message} to {lease.function} "
        f"is carrying out its effect {lease.name!r}.",
        "It is delivered again once the lease has ended.",
        after=after,
    )
