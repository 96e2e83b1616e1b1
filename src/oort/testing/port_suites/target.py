"""The fixture `target`, the platform of all suites, and functions that suites share."""

from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

import pytest

from oort.model.errors import Source
from oort.model.messages import Delivery, Message
from oort.model.platform import PlatformModel, ServiceModel
from oort.model.resources import EventModel, IndexModel, QueueModel, TableModel
from oort.ports.bundle import Ports
from oort.rules.messaging import envelopes

_HERE = Source(__file__, 1)

NOTES = "suite.notes"
LINES = "suite.lines"
READINGS = "suite.readings"
PRICES = "suite.prices"
WORK = "suite.work"
OTHER_WORK = "suite.other-work"
HAPPENED = "suite.happened"
UNHEARD = "suite.unheard"
SUBSCRIBERS = ("suite.first", "suite.second")

VISIBILITY = timedelta(seconds=2)
ATTEMPTS = 3
SOON = timedelta(seconds=1)
MOMENT = timedelta(milliseconds=1)


class Target(Protocol):
    """An implementation of the ports."""

    def deploy(self, platform: PlatformModel) -> Ports:
        """Create all resources of the platform, empty, and return the ports."""

    def wait(self, duration: timedelta) -> None:
        """Let the target's time pass; a virtual clock is advanced."""

    def eventually(self, holds: Callable[[], bool]) -> None:
        """Repeat the check while time passes and the outbox is relayed.

        Raises AssertionError if the check never holds.
        """


def _table(
    name: str,
    partition: str,
    sort: str | None,
    *indexes: IndexModel,
    numeric: frozenset[str] = frozenset(),
) -> TableModel:
    return TableModel(name, "suite", partition, sort, None, indexes, _HERE, numeric)


def _queue(name: str, subscription: str | None) -> QueueModel:
    return QueueModel(name, "suite", ATTEMPTS, VISIBILITY, subscription, _HERE)


PLATFORM = PlatformModel(
    "suite",
    (
        ServiceModel(
            name="suite",
            resources=(
                _table(NOTES, "id", None, IndexModel("own", "id", None, primary=True)),
                _table(
                    LINES,
                    "list",
                    "line",
                    IndexModel("own", "list", "line", primary=True),
                    IndexModel("by_owner", "owner", "rank", primary=False),
                    IndexModel("by_tag", "tag", None, primary=False),
                    numeric=frozenset({"rank"}),
                ),
                _table(
                    READINGS,
                    "sensor",
                    "value",
                    IndexModel("own", "sensor", "value", primary=True),
                    numeric=frozenset({"value"}),
                ),
                _table(
                    PRICES,
                    "price",
                    None,
                    IndexModel("own", "price", None, primary=True),
                    IndexModel("by_rate", "rate", "price", primary=False),
                    numeric=frozenset({"price", "rate"}),
                ),
                _queue(WORK, None),
                _queue(OTHER_WORK, None),
                *(_queue(name, HAPPENED) for name in SUBSCRIBERS),
                *(EventModel(name, 1, "key", "suite", _HERE) for name in (HAPPENED, UNHEARD)),
            ),
        ),
    ),
)


class Contract:
    """The fixture of every suite: the deployed ports."""

    @pytest.fixture
    def ports(self, target: Target) -> Ports:
        """Return the ports of the suites' platform, empty."""
        return target.deploy(PLATFORM)


def message(id: str, *, body: bytes = b"{}", name: str = WORK, key: str = "k") -> Message:
    """Return a message for a queue or an event."""
    return Message(
        id=id, name=name, body=body, key=key, version=1, traceparent="00-aa-bb-01", sent=1.5
    )


def received(target: Target, ports: Ports, queue: str, count: int) -> list[Delivery]:
    """Wait for `count` deliveries of a queue and return them in the order of their message ids."""
    deliveries: list[Delivery] = []

    def enough() -> bool:
        deliveries.extend(ports.deliveries.receive(queue, most=min(count - len(deliveries), 10)))
        return len(deliveries) >= count

    target.eventually(enough)
    return sorted(deliveries, key=lambda delivery: delivery.message.id)


def filling(id: str, *, size: int, name: str = WORK) -> Message:
    """Return a message of exactly `size` bytes with its envelope."""
    empty = message(id, name=name, body=b'""')
    return message(id, name=name, body=b'"' + b"x" * (size - envelopes.size(empty)) + b'"')
