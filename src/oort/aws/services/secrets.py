"""The Secrets port on Secrets Manager.

A function keeps a value for a minute, so that most reads cost nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypedDict, cast

from oort.aws.clients import Clients
from oort.aws.failures import Rejected, ask
from oort.model.platform import PlatformModel
from oort.model.resources import SecretModel
from oort.model.secrets import AGE, SecretState
from oort.ports.clock import Clock
from oort.rules import secrets as rules
from oort.rules.cloud import secret_names
from oort.rules.cloud.cloud_names import Location

# The answer for a secret without a value, and for one that is not deployed.
_ABSENT = frozenset({"ResourceNotFoundException"})
_CURRENT = "AWSCURRENT"


class _Value(TypedDict, total=False):
    SecretString: str


class _Description(TypedDict, total=False):
    VersionIdsToStages: Mapping[str, Sequence[str]]
    LastChangedDate: datetime
    CreatedDate: datetime


class _SecretsManager(Protocol):
    def get_secret_value(self, **request: object) -> _Value: ...
    def put_secret_value(self, **request: object) -> object: ...
    def describe_secret(self, **request: object) -> _Description: ...


class Secrets:
    """Secrets of one stage. Several threads may read."""

    def __init__(
        self, clients: Clients, *, platform: PlatformModel, location: Location, clock: Clock
    ) -> None:
        self._clients = clients
        self._names = {
            secret.name: secret_names.name(location, secret.name)
            for secret in platform.of(SecretModel)
        }
        self._stage = location.stage
        self._clock = clock
        self._values: dict[str, tuple[datetime, str]] = {}  # with the end of their time

    def read(self, secret: str) -> str:
        """See `ports.secrets`."""
        now = self._clock.now()
        until, value = self._values.get(secret, (now, ""))
        if until <= now:
            value = self._fetched(secret)
            self._values[secret] = now + AGE, value
        return value

    def write(self, secret: str, value: str) -> None:
        """See `ports.secrets`."""
        name = self._names[secret]
        rules.check(secret, value)
        request = {"SecretId": name, "SecretString": value}
        ask(self._manager.put_secret_value, request, doing=f"setting the secret {secret}")
        self._values.pop(secret, None)

    def states(self) -> tuple[SecretState, ...]:
        """See `ports.secrets`. One request for each secret."""
        return tuple(SecretState(secret, self._changed(secret)) for secret in self._names)

    @property
    def _manager(self) -> _SecretsManager:
        return cast(_SecretsManager, self._clients.get("secretsmanager"))

    def _fetched(self, secret: str) -> str:
        request, doing = {"SecretId": self._names[secret]}, f"reading the secret {secret}"
        try:
            found = ask(self._manager.get_secret_value, request, doing=doing, expect=_ABSENT)
        except Rejected:
            raise rules.missing(secret, stage=self._stage) from None
        if not found.get("SecretString"):  # no value, or bytes that another program has set
            raise rules.missing(secret, stage=self._stage)
        return found["SecretString"]

    def _changed(self, secret: str) -> datetime | None:
        request, doing = {"SecretId": self._names[secret]}, f"describing the secret {secret}"
        try:
            found = ask(self._manager.describe_secret, request, doing=doing, expect=_ABSENT)
        except Rejected:
            return None
        stages = found.get("VersionIdsToStages", {})
        if not any(_CURRENT in versions for versions in stages.values()):
            return None
        return found.get("LastChangedDate") or found["CreatedDate"]
