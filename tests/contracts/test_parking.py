"""The engine keeps the contract of parking."""

from oort.testing.port_suites import ParkingContract


class TestParking(ParkingContract):
    """See `oort.testing.port_suites`."""
