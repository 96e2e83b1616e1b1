"""The Events port on the store: a single commit puts a copy on every subscriber's queue."""

from oort.engine.rows import messages
from oort.engine.rows.times import unix
from oort.engine.services.backlog import Backlog
from oort.engine.store.store import Store
from oort.model.messages import Message
from oort.model.platform import PlatformModel
from oort.ports.clock import Clock
from oort.rules.messaging import messages as rules


class Events:
    """Events on a store."""

    def __init__(
        self, store: Store, *, platform: PlatformModel, clock: Clock, backlog: Backlog | None = None
    ) -> None:
        self._store = store
        self._backlog = backlog or Backlog(store, platform=platform, clock=clock)
        self.adopt(platform)
        self._clock = clock

    def adopt(self, platform: PlatformModel) -> None:
        """Use the resources of this model from now on."""
        self._platform = platform

    def publish(self, event: str, message: Message) -> None:
        """See `ports.events`."""
        rules.check(message)
        self._backlog.admit_event(event)
        payload, now = messages.packed(message), unix(self._clock.now())
        self._store.write(
            lambda session: messages.fan_out(session, self._platform, event, payload, now=now)
        )
