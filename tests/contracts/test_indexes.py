"""The engine keeps the contract of indexes."""

from oort.testing.contracts import IndexesContract


class TestIndexes(IndexesContract):
    """See `oort.testing.contracts`."""
