"""The engine as a target of the contract suites: its services on a store of their own, in virtual time."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from oort.engine.clocks import VirtualClock
from oort.engine.services import bundle
from oort.engine.services.relay import Relay
from oort.engine.store.store import Store
from oort.model.platform import PlatformModel
from oort.ports.bundle import Ports

STEP = timedelta(milliseconds=100)
STEPS = 100


class EngineTarget:
    """The engine's services on a store of their own."""

    def __init__(self, store: Store, *, lag: Callable[[], timedelta]) -> None:
        self._store = store
        self._lag = lag
        self._clock = VirtualClock()
        self._relay: Relay | None = None

    def deploy(self, platform: PlatformModel) -> Ports:
        store, clock = self._store, self._clock
        ports = bundle.on(store, platform=platform, clock=clock, lag=self._lag)
        self._relay = ports.relay
        return ports

    def wait(self, duration: timedelta) -> None:
        self._clock.advance(duration)

    def eventually(self, holds: Callable[[], bool]) -> None:
        assert self._relay is not None
        for _ in range(STEPS):
            self._relay.move()
            if holds():
                return
            self._clock.advance(STEP)
        pytest.fail(f"It did not hold within {STEP * STEPS}.")
