"""The engine keeps the contract of external effects."""

from oort.testing.port_suites import EffectsContract


class TestEffects(EffectsContract):
    """See `oort.testing.port_suites`."""
