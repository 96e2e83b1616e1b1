"""The engine keeps the contract of events."""

from oort.testing.port_suites import EventsContract


class TestEvents(EventsContract):
    """See `oort.testing.port_suites`."""
