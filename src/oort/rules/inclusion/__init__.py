"""Compare two JSON Schemas: every document of the first must fit the second.

Each no has a counter-example. The tests compare this package with an independent validator.
"""

from oort.rules.inclusion.verdicts import Mode, Verdict, compare

__all__ = ["Mode", "Verdict", "compare"]
