"""An engine's services on a store in memory, in virtual time."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from oort.engine.clocks import VirtualClock
from oort.engine.services import bundle
from oort.engine.store.direct import DirectStore
from oort.model.platform import PlatformModel
from oort.testing.port_suites.target import PLATFORM


class Services:
    """All services of one store; `lag` may be set at any time."""

    def __init__(
        self, store: DirectStore, clock: VirtualClock, platform: PlatformModel = PLATFORM
    ) -> None:
        self.store = store
        self.clock = clock
        self.lag = timedelta(0)
        self.ports = ports = bundle.on(store, platform=platform, clock=clock, lag=lambda: self.lag)
        self.tables, self.queues, self.events = ports.tables, ports.queues, ports.events
        self.deliveries, self.queue_inspection = ports.deliveries, ports.queue_inspection
        self.transactions, self.relay, self.traces = ports.transactions, ports.relay, ports.traces

    def running(self, platform: PlatformModel) -> "Services":
        """The same state under another program."""
        return Services(self.store, self.clock, platform)


@pytest.fixture
def services() -> Iterator[Services]:
    store = DirectStore()
    yield Services(store, VirtualClock())
    store.close()
