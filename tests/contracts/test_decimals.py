"""The engine keeps the contract of decimal numbers in tables."""

from oort.testing.port_suites import DecimalsContract


class TestDecimals(DecimalsContract):
    """See `oort.testing.port_suites`."""
