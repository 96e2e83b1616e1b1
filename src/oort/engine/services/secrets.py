"""The Secrets port on the store, whose file is encrypted. Handlers read the value as it is now."""

from datetime import UTC, datetime

from oort.engine.rows.times import unix
from oort.engine.store.store import Store
from oort.model.platform import PlatformModel
from oort.model.resources import SecretModel
from oort.model.secrets import SecretState
from oort.ports.clock import Clock
from oort.rules import secrets as rules


class Secrets:
    """Secrets on one store."""

    def __init__(self, store: Store, *, platform: PlatformModel, clock: Clock) -> None:
        self._store = store
        self.adopt(platform)
        self._clock = clock

    def adopt(self, platform: PlatformModel) -> None:
        """Use the resources of this model from now on."""
        self._names = {secret.name: secret.name for secret in platform.of(SecretModel)}

    def read(self, secret: str) -> str:
        """See `ports.secrets`."""
        row = self._store.row(_READ, self._names[secret])
        if row is None:
            raise rules.missing(secret)
        return str(row[0])

    def write(self, secret: str, value: str) -> None:
        """See `ports.secrets`."""
        name, now = self._names[secret], unix(self._clock.now())
        rules.check(name, value)
        self._store.write(lambda session: session.run(_WRITE, name, value, now))

    def states(self) -> tuple[SecretState, ...]:
        """See `ports.secrets`."""
        rows = self._store.read(lambda session: session.rows(_CHANGED))
        changed = {name: datetime.fromtimestamp(moment, UTC) for name, moment in rows}
        return tuple(SecretState(name, changed.get(name)) for name in self._names)


_READ = "SELECT value FROM secrets WHERE name = ?"
_WRITE = "INSERT OR REPLACE INTO secrets(name, value, changed) VALUES(?, ?, ?)"
_CHANGED = "SELECT name, changed FROM secrets"
