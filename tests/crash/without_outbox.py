"""The control: `oort dev` with the outbox switched off. What atomic() sends waits in memory and is published a little later.

It is the dual write that people write by hand; the trial must find it out.
"""

import threading
from collections.abc import Sequence
from datetime import timedelta

from oort.app.programs import Program
from oort.cli import main
from oort.cli.wiring import embedded
from oort.engine.engine import Deviations, Engine
from oort.engine.services.events import Events
from oort.engine.services.queues import Queues
from oort.engine.services.steady import SteadyTime
from oort.engine.services.transactions import Transactions
from oort.engine.store.group import GroupCommitStore
from oort.model.operations import Mark, PublishEvent, SendMessage, Write
from oort.runtime.system import SystemClock

_SOON = 0.05  # seconds: one network call to a broker that is a little busy


class DualWrites:
    """Commits items, and keeps messages in memory until a thread publishes them."""

    def __init__(self, store: GroupCommitStore, program: Program) -> None:
        platform, clock = program.model, SystemClock()
        self._items = Transactions(
            store, platform=platform, clock=clock, steady=SteadyTime(store, clock=clock)
        )
        self._queues = Queues(store, platform=platform, clock=clock)
        self._events = Events(store, platform=platform, clock=clock)
        self._lock = threading.Lock()
        self._waiting: list[SendMessage | PublishEvent] = []
        threading.Thread(target=self._publish, daemon=True).start()

    def commit(self, writes: Sequence[Write], mark: Mark | None) -> bool:
        """See `ports.transactions`, which this does not keep."""
        messages = [write for write in writes if isinstance(write, SendMessage | PublishEvent)]
        applied = self._items.commit([write for write in writes if write not in messages], mark)
        if applied:
            with self._lock:
                self._waiting += messages
        return applied

    def _publish(self) -> None:
        while not threading.Event().wait(_SOON):
            with self._lock:
                messages, self._waiting = self._waiting, []
            for one in messages:
                if isinstance(one, PublishEvent):
                    self._events.publish(one.event, one.message)
                else:
                    self._queues.send(one.queue, one.message, delay=timedelta(seconds=one.delay))


def without_outbox(program: Program, *, store: GroupCommitStore, **options: object) -> Engine:
    """The engine as `oort dev` makes it, but for its transactions."""
    deviations = Deviations(transactions=DualWrites(store, program))
    return Engine(program, store=store, deviations=deviations, **options)  # type: ignore[arg-type]


if __name__ == "__main__":
    vars(embedded)["Engine"] = without_outbox
    main()
