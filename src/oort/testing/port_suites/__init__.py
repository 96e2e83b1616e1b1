"""The contracts of the ports as pytest suites that every target must pass: engine, emulators, AWS.

Inherit from a suite in a class whose name begins with `Test`, and provide a fixture `target`; see
`port_suites.target`. The suites use only models and ports, and poll where a port is eventually
consistent. They need pytest.
"""

import pytest

# Before the suites are imported, so that pytest explains their asserts like those of test modules.
pytest.register_assert_rewrite(
    "oort.testing.port_suites.decimals",
    "oort.testing.port_suites.effects",
    "oort.testing.port_suites.parking",
    "oort.testing.port_suites.queues",
    "oort.testing.port_suites.reads",
    "oort.testing.port_suites.secrets",
    "oort.testing.port_suites.tables",
    "oort.testing.port_suites.events",
    "oort.testing.port_suites.transactions",
)

from oort.ports.bundle import Ports  # noqa: E402
from oort.testing.port_suites.decimals import DecimalsContract  # noqa: E402
from oort.testing.port_suites.effects import EffectsContract  # noqa: E402
from oort.testing.port_suites.events import EventsContract  # noqa: E402
from oort.testing.port_suites.indexes import IndexesContract  # noqa: E402
from oort.testing.port_suites.parking import ParkingContract  # noqa: E402
from oort.testing.port_suites.queues import QueuesContract  # noqa: E402
from oort.testing.port_suites.reads import ReadsContract  # noqa: E402
from oort.testing.port_suites.secrets import SecretsContract  # noqa: E402
from oort.testing.port_suites.tables import TablesContract  # noqa: E402
from oort.testing.port_suites.target import Target  # noqa: E402
from oort.testing.port_suites.transactions import TransactionsContract  # noqa: E402

__all__ = [
    "DecimalsContract",
    "EffectsContract",
    "EventsContract",
    "IndexesContract",
    "ParkingContract",
    "Ports",
    "QueuesContract",
    "ReadsContract",
    "SecretsContract",
    "TablesContract",
    "Target",
    "TransactionsContract",
]
