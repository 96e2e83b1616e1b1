"""Transactions: all writes of an `atomic()` block, or none."""

from collections.abc import Sequence
from typing import Protocol

from oort.model.operations import Mark, Write


class Transactions(Protocol):
    """One commit for items, messages and the inbox mark.

    - Either every write is durable when `commit` returns, or none was made. The first condition that fails raises
      ConditionFailed (or NoSuchItem) with its position.
    - Sends and publishes become outbox rows in the same commit; a relay delivers them afterwards, at least once, those
      of one key in order.
    - A `mark` that is there already wins over every condition: nothing is written and the answer is False.
    - At most 100 actions, outbox and inbox rows included, and 4 MB; each item at most once (InvalidUse, LimitExceeded).
    """

    def commit(self, writes: Sequence[Write], mark: Mark | None) -> bool:
        """Write everything; False if the mark shows that it was written before."""
