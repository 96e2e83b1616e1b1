"""The engine keeps the contract of reads."""

from oort.testing.port_suites import ReadsContract


class TestReads(ReadsContract):
    """See `oort.testing.port_suites`."""
