"""The engine keeps the contract of parking."""

from oort.testing.contracts import ParkingContract


class TestParking(ParkingContract):
    """See `oort.testing.contracts`."""
