"""The engine keeps the contract of tables."""

from oort.testing.contracts import TablesContract


class TestTables(TablesContract):
    """See `oort.testing.contracts`."""
