"""The engine keeps the contract of external effects."""

from oort.testing.contracts import EffectsContract


class TestEffects(EffectsContract):
    """See `oort.testing.contracts`."""
