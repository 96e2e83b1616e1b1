"""The contracts of the ports as pytest suites that every target must pass: the engine, emulators, AWS.

Inherit from a suite in a class whose name begins with `Test`, and provide a fixture `target`; see `contracts.target`.
The suites know only models and ports, and poll wherever a port is eventually consistent. They need pytest.
"""

import pytest

# Before the suites are imported, so that their asserts explain themselves as those in test modules do.
pytest.register_assert_rewrite(
    "oort.testing.contracts.effects",
    "oort.testing.contracts.parking",
    "oort.testing.contracts.queues",
    "oort.testing.contracts.reads",
    "oort.testing.contracts.tables",
    "oort.testing.contracts.topics",
    "oort.testing.contracts.transactions",
)

from oort.testing.contracts.effects import EffectsContract  # noqa: E402
from oort.testing.contracts.parking import ParkingContract  # noqa: E402
from oort.testing.contracts.queues import QueuesContract  # noqa: E402
from oort.testing.contracts.reads import ReadsContract  # noqa: E402
from oort.testing.contracts.tables import IndexesContract, TablesContract  # noqa: E402
from oort.testing.contracts.target import Ports, Target  # noqa: E402
from oort.testing.contracts.topics import TopicsContract  # noqa: E402
from oort.testing.contracts.transactions import TransactionsContract  # noqa: E402

__all__ = [
    "EffectsContract",
    "IndexesContract",
    "ParkingContract",
    "Ports",
    "QueuesContract",
    "ReadsContract",
    "TablesContract",
    "Target",
    "TopicsContract",
    "TransactionsContract",
]
