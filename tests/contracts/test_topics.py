"""The engine keeps the contract of topics."""

from oort.testing.port_suites import TopicsContract


class TestTopics(TopicsContract):
    """See `oort.testing.port_suites`."""
