"""The randomness of the engine: the machine's, and a seeded one that makes a run repeatable."""

import random


class SystemEntropy:
    """The operating system's generator, fit for tokens."""

    def __init__(self) -> None:
        self._source = random.SystemRandom()

    def bits(self, count: int) -> int:
        """An integer of that many random bits."""
        return self._source.getrandbits(count)

    def chance(self) -> float:
        """A float in [0, 1)."""
        return self._source.random()


class SeededEntropy:
    """The same numbers in every run with the same seed. Only for tests: anybody can predict it."""

    def __init__(self, seed: int) -> None:
        self._source = random.Random(seed)  # noqa: S311  # repeatability is the purpose

    def bits(self, count: int) -> int:
        """An integer of that many bits, the next of the seed's sequence."""
        return self._source.getrandbits(count)

    def chance(self) -> float:
        """A float in [0, 1), the next of the seed's sequence."""
        return self._source.random()
