"""The Queues port on the store."""

from datetime import timedelta

from oort.engine.rows import messages
from oort.engine.rows.times import unix
from oort.engine.services.backlog import Backlog
from oort.engine.store.store import Store
from oort.model.messages import Message
from oort.model.platform import PlatformModel
from oort.ports.clock import Clock
from oort.rules.messaging import messages as rules

_NOTHING = timedelta(0)


class Queues:
    """Queues on a store. A queue that the program does not have is a KeyError."""

    def __init__(
        self, store: Store, *, platform: PlatformModel, clock: Clock, backlog: Backlog | None = None
    ) -> None:
        self._store = store
        self._backlog = backlog or Backlog(store, platform=platform, clock=clock)
        self.adopt(platform)
        self._clock = clock

    def adopt(self, platform: PlatformModel) -> None:
        """Use the resources of this model from now on."""
        self._queues = {queue.name: queue for queue in platform.queues}

    def send(self, queue: str, message: Message, *, delay: timedelta = _NOTHING) -> None:
        """See `ports.queues`."""
        name = self._queues[queue].name
        rules.check(message)
        self._backlog.admit(name)
        now = self._clock.now()
        sent, visible = unix(now), unix(now, after=rules.delay(delay.total_seconds()))
        payload = messages.packed(message)
        self._store.write(
            lambda session: messages.add(session, name, payload, sent=sent, visible=visible)
        )
