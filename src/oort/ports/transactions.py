"""Transactions: all writes of an `atomic()` block, or none."""

from collections.abc import Sequence
from typing import Protocol

from oort.model.operations import Mark, Write


class Transactions(Protocol):
    """One commit for items, messages and the inbox mark.

    - Either every write is durable when `commit` returns, or no write was made. The first failed
      condition raises ConditionFailed (or NoSuchItem) with its position.
    - Sends and publishes become outbox rows in the same commit. A relay delivers them afterwards,
      at least once, and messages with the same key in order.
    - An existing `mark` takes precedence over every condition: no write is made and the answer is
      False.
    - At most 100 actions, outbox and inbox rows included, and 4 MB; each item at most once
      (InvalidUse, LimitExceeded).
    - The engine refuses messages like `ports.queues`; then no write is made.
    """

    def commit(self, writes: Sequence[Write], mark: Mark | None) -> bool:
        """Make all writes; False if the mark exists, so that they were made before."""
