"""Secrets: values that handlers read and operators set."""

from typing import Protocol

from oort.model.secrets import SecretState


class Secrets(Protocol):
    """The values of a platform's secrets, for its handlers.

    - A value is text. It is returned as it was set, and is at most `model.secrets.AGE` (60 s) old.
    - A secret without a value raises SecretMissing.
    - A secret that the platform does not have is a KeyError.
    - No error holds a value, or a part of it.
    """

    def read(self, secret: str) -> str:
        """The value of `service.secret`."""


class KeptSecrets(Secrets, Protocol):
    """Secrets, for their operators.

    - `write` is durable. Readers see the value after at most 60 s.
    - An earlier value is not shown again.
    - A value has 1 to 65,536 bytes in UTF-8: InvalidValue, LimitExceeded.
    """

    def write(self, secret: str, value: str) -> None:
        """Set or replace the value."""

    def states(self) -> tuple[SecretState, ...]:
        """Every secret of the platform, without values, in the order of the program."""
