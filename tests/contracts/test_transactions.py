"""The engine keeps the contract of transactions."""

from oort.testing.contracts import TransactionsContract


class TestTransactions(TransactionsContract):
    """See `oort.testing.contracts`."""
