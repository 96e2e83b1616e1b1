"""Which parked messages ring an alarm: the first of each event and version that a function cannot read. Both targets ask it.

What has rung is marked in the function's inbox, so that neither a restart nor another environment rings again; a mark lasts 15
days.
"""

import hashlib
from collections import OrderedDict

from oort.model.errors import OortError
from oort.model.messages import Message
from oort.model.operations import Mark
from oort.ports.transactions import Transactions

_REMEMBERED = 1000  # a sender of garbage must not fill the memory with its names
_LONGEST = 200


class Alarms:
    """What has rung. Used by several threads; the marks decide."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._rung: OrderedDict[Mark, None] = OrderedDict()

    def rings(self, function: str, message: Message) -> bool:
        """Whether this is the first message of its event and version that was parked for the function."""
        mark = Mark(function, f"parked/{_short(message.name)}/{message.version}")
        if mark in self._rung:
            return False
        self._rung[mark] = None
        if len(self._rung) > _REMEMBERED:
            self._rung.popitem(last=False)
        try:
            return self._transactions.commit((), mark)
        except OortError:  # better twice than never
            return True


def _short(name: str) -> str:
    """The name, which others chose: a key has 2,048 bytes."""
    if len(name) <= _LONGEST:
        return name
    return f"{name[:_LONGEST]}…{hashlib.sha256(name.encode(errors='replace')).hexdigest()[:16]}"
