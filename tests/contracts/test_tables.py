"""The engine keeps the contract of tables."""

from oort.testing.port_suites import TablesContract


class TestTables(TablesContract):
    """See `oort.testing.port_suites`."""
