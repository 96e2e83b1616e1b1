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
        raise InvalidValue(f"The value for {secret} is not UTF-8 text.", "Encode it in Base64.")
    if size > BYTES:
        raise LimitExceeded(
            f"The value for {secret} has {size:,} bytes; Secrets Manager holds {BYTES:,}.",
            "Encrypt the data, store it in a table, and keep only the encryption key as the secret.",
        )


def missing(secret: str, *, stage: str = "") -> SecretMissing:
    """Return the error for a secret without a value. `stage` is empty on this machine."""
    service = secret.partition(".")[0]
    beside = "" if stage else ", with the -C and the --state of the platform"
    return SecretMissing(
        f"The secret {secret} of the service {service} has no value.",
        f"Set it: {command(secret, stage=stage)}{beside}",
    )


def command(secret: str, *, stage: str = "", place: str = "") -> str:
    """Return the command that sets the secret.

    >>> command("billing.stripe-key", stage="prod")
    'oort secrets set billing.stripe-key --stage prod'
    """
    options = f" --stage {stage}" if stage else ""
    return f"oort secrets set {secret}{options}{f' {place}' if place else ''}"
