"""The engine keeps the contract of topics."""

from oort.testing.contracts import TopicsContract


class TestTopics(TopicsContract):
    """See `oort.testing.contracts`."""
