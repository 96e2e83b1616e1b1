"""The engine keeps the contract of reads."""

from oort.testing.contracts import ReadsContract


class TestReads(ReadsContract):
    """See `oort.testing.contracts`."""
