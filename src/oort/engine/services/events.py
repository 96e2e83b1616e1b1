"""The Events port on the store: a single commit puts a copy on every subscriber's queue."""

from collections.abc import Callable
from typing import Any

from oort.engine.rows import messages
from oort.engine.rows.planned import Planned, done
from oort.engine.rows.times import unix
from oort.engine.services.backlog import Backlog
from oort.engine.services.steady import SteadyTime
from oort.engine.store.session import Session
from oort.engine.store.store import Store
from oort.model.messages import Message
from oort.model.operations import PublishEvent
from oort.model.platform import PlatformModel
from oort.ports.clock import Clock
from oort.rules.messaging import messages as rules


class Events:
    """Events on a store."""

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
        self._platform = platform

    def publish(self, event: str, message: Message) -> None:
        """See `ports.events`."""
        rules.check(message)
        self._backlog.admit_event(event)
        self._store.write(self._publishing(event, message))

    def planned(self, operation: PublishEvent) -> Planned[Any] | None:
        """Return the operation as a write that is ready for the store; None if that takes time."""
        rules.check(operation.message)
        if not self._backlog.is_event_counted(operation.event):
            return None
        self._backlog.admit_event(operation.event)
        return Planned(self._publishing(operation.event, operation.message), done)

    def _publishing(self, event: str, message: Message) -> Callable[[Session], None]:
        payload = messages.packed(message)

        def work(session: Session) -> None:
            now = unix(self._steady.moment())
            messages.fan_out(session, self._platform, event, payload, now=now)

        return work
