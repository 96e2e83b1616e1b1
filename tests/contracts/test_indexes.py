"""The engine keeps the contract of indexes."""

from oort.testing.port_suites import IndexesContract


class TestIndexes(IndexesContract):
    """See `oort.testing.port_suites`."""
