"""Decisions about the values of secrets. No sentence here holds a value."""

from oort.model.errors import InvalidValue, LimitExceeded
from oort.model.secrets import BYTES, SecretMissing


def check(secret: str, value: str) -> None:
    """Raise InvalidValue for an empty value or for surrogates, LimitExceeded above 64 KiB."""
    if not value:
        raise InvalidValue(f"The value for {secret} is empty.", "Give at least one character.")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        size = -1
    if size < 0:
        raise InvalidValue(f"The value for {secret} is no text in UTF-8.", "Encode it in Base64.")
    if size > BYTES:
        raise LimitExceeded(
            f"The value for {secret} has {size:,} bytes; Secrets Manager holds {BYTES:,}.",
            "Store the data elsewhere, encrypted with a key that is the secret.",
        )


def missing(secret: str, *, stage: str = "") -> SecretMissing:
    """The error of a read before the secret has a value. `stage` is empty on this machine."""
    service = secret.partition(".")[0]
    return SecretMissing(
        f"The secret {secret} of the service {service} has no value.",
        f"Set it: {command(secret, stage=stage)}",
    )


def command(secret: str, *, stage: str = "", place: str = "") -> str:
    """The command that sets the secret.

    >>> command("billing.stripe-key", stage="prod")
    'oort secrets set billing.stripe-key --stage prod'
    """
    options = f" --stage {stage}" if stage else ""
    return f"oort secrets set {secret}{options}{f' {place}' if place else ''}"
