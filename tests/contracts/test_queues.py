"""The engine keeps the contract of queues."""

from oort.testing.port_suites import QueuesContract


class TestQueues(QueuesContract):
    """See `oort.testing.port_suites`."""
