"""The engine keeps the contract of transactions."""

from oort.testing.port_suites import TransactionsContract


class TestTransactions(TransactionsContract):
    """See `oort.testing.port_suites`."""
