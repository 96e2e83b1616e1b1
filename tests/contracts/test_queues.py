"""The engine keeps the contract of queues."""

from oort.testing.contracts import QueuesContract


class TestQueues(QueuesContract):
    """See `oort.testing.contracts`."""
