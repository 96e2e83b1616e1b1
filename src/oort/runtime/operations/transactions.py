"""Commits of `atomic()` blocks. A check of an item is a commit without writes."""

from typing import TYPE_CHECKING

from oort.model.operations import CheckItem, Commit, Done

if TYPE_CHECKING:
    from oort.ports.transactions import Transactions


def perform(operation: CheckItem | Commit, transactions: "Transactions") -> Done:
    """Perform the operation on the port."""
    match operation:
        case CheckItem():
            return Done(applied=transactions.commit((operation,), None))
        case Commit():
            return Done(applied=transactions.commit(operation.writes, operation.mark))
