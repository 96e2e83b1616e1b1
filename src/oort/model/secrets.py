"""Secrets: their state for operators, the limits, and the error for a missing value."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from oort.model.errors import Refusal

# Our own: a handler sees a new value after at most this time. A read after it costs a request.
AGE = timedelta(seconds=60)
# Secrets Manager: SecretString has 1 to 65,536 bytes.
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
BYTES = 65_536


class SecretMissing(Refusal):
    """A handler read a secret that nobody has set."""

    code = "secret.missing"


@dataclass(frozen=True, slots=True)
class SecretState:
    """A secret without its value. `changed` is None if it has no value."""

    name: str
    changed: datetime | None
