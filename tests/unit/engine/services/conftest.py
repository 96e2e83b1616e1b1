"""An engine's services on a store in memory, in virtual time."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from oort.engine.clocks import VirtualClock
from oort.engine.services.queues import Queues
from oort.engine.services.relay import Relay
from oort.engine.services.tables import Tables
from oort.engine.services.topics import Topics
from oort.engine.services.traces import Traces
from oort.engine.services.transactions import Transactions
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
        self.tables = Tables(store, platform=platform, clock=clock, lag=lambda: self.lag)
        self.queues = Queues(store, platform=platform, clock=clock)
        self.topics = Topics(store, platform=platform, clock=clock)
        self.transactions = Transactions(
            store, platform=platform, clock=clock, lag=lambda: self.lag
        )
        self.relay = Relay(store, platform=platform, clock=clock)
        self.traces = Traces(store)

    def running(self, platform: PlatformModel) -> "Services":
        """The same state under another program."""
        return Services(self.store, self.clock, platform)


@pytest.fixture
def services() -> Iterator[Services]:
    store = DirectStore()
    yield Services(store, VirtualClock())
    store.close()
