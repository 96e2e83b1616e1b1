"""Whether one JSON Schema holds everything that another does: decided by `compare`, with a counter-example for each no.

Pure, and without a validator of anybody else's: the tests hold it against one.
"""

from oort.rules.inclusion.verdicts import Mode, Verdict, compare

__all__ = ["Mode", "Verdict", "compare"]
