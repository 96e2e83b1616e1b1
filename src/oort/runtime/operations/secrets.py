"""Operations on secrets. The runtime hides each value that was read."""

from typing import TYPE_CHECKING

from oort.model.operations import ReadSecret, Revealed
from oort.runtime import redaction

if TYPE_CHECKING:
    from oort.ports.secrets import Secrets


def perform(operation: ReadSecret, secrets: "Secrets") -> Revealed:
    """Carry it out on the port."""
    value = secrets.read(operation.secret)
    redaction.KNOWN.remember(operation.secret, value)
    return Revealed(value)
