"""The Queues port on the store."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from oort.engine.rows import messages
from oort.engine.rows.planned import Planned, done
from oort.engine.rows.times import unix
from oort.engine.services.backlog import Backlog
from oort.engine.services.steady import SteadyTime
from oort.engine.store.session import Session
from oort.engine.store.store import Store
from oort.model.messages import Message
from oort.model.operations import SendMessage
from oort.model.platform import PlatformModel
from oort.ports.clock import Clock
from oort.rules.messaging import messages as rules

_NOTHING = timedelta(0)


class Queues:
    """Queues on a store. A queue that the program does not have is a KeyError."""

    def __init__(
        self,
        store: Store,
        *,
        platform: PlatformModel,
        clock: Clock,
        backlog: Backlog | None = None,
        steady: SteadyTime | None = None,
    ) -> None:
        self._store = store
        self._backlog = backlog or Backlog(store, platform=platform, clock=clock)
        self._steady = steady or SteadyTime(store, clock=clock)
        self.adopt(platform)

    def adopt(self, platform: PlatformModel) -> None:
        """Use the resources of this model from now on."""
        self._queues = {queue.name: queue for queue in platform.queues}

    def send(self, queue: str, message: Message, *, delay: timedelta = _NOTHING) -> None:
        """See `ports.queues`."""
        name, wait = self._queues[queue].name, rules.delay(delay.total_seconds())
        rules.check(message)
        self._backlog.admit(name)
        if wait:
            self._steady.follow()  # a delay is right also if the platform is killed at once
        self._store.write(self._sending(name, message, wait))

    def planned(self, operation: SendMessage) -> Planned[Any] | None:
        """Return the operation as a write that is ready for the store; None if that takes time."""
        name, wait = self._queues[operation.queue].name, rules.delay(operation.delay)
        rules.check(operation.message)
        if not self._backlog.is_counted(name) or (wait and not self._steady.is_quiet()):
            return None
        self._backlog.admit(name)
        return Planned(self._sending(name, operation.message, wait), done)

    def _sending(self, name: str, message: Message, wait: timedelta) -> Callable[[Session], None]:
        payload = messages.packed(message)

        def work(session: Session) -> None:
            now = self._steady.moment()
            visible = unix(now, after=wait)
            messages.add(session, name, payload, sent=unix(now), visible=visible)

        return work
