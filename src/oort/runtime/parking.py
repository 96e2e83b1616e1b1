"""Parked messages: alarms for the first of each kind, and the release of readable messages.

A function raises an alarm for the first message of each event and version that it cannot read. A
mark in the function's inbox prevents a second alarm, also after a restart and in other
environments; a mark lasts 15 days. Messages are released when a program starts, after a deployment,
and by hand.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Collection

from oort.app.declaring.parameters import MessageParameter
from oort.app.programs import Function, Program
from oort.model.errors import NotUnderstood
from oort.model.messages import Message, ParkedMessage
from oort.model.operations import Mark
from oort.ports.parking import Parking
from oort.ports.transactions import Transactions
from oort.rules import triggers
from oort.rules.messaging import envelopes
from oort.runtime import invoke

_REMEMBERED = 1000  # names of unreadable messages must not fill the memory
_LONGEST = 200


class Alarms:
    """The alarms that were raised. Several threads may use it; the marks decide."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._raised: OrderedDict[Mark, None] = OrderedDict()

    def rings(self, function: str, message: Message) -> bool:
        """Return True for the first parked message of its event and version for the function."""
        mark = Mark(function, f"parked/{_short(message.name)}/{message.version}")
        if mark in self._raised:
            return False
        self._raised[mark] = None
        if len(self._raised) > _REMEMBERED:
            self._raised.popitem(last=False)
        try:
            return self._transactions.commit((), mark)
        except Exception:  # two alarms are better than none, and better than a lost batch
            return True


def consumers(program: Program) -> dict[str, Function]:
    """Map each queue to its consumer."""
    consumers_by_queue = triggers.consumers(program.model.functions)
    return {
        queue: program.functions[function.name] for queue, function in consumers_by_queue.items()
    }


def understands(function: Function, parked: ParkedMessage) -> bool:
    """Return True if the consumer can read the message now. No handler and no upcast runs."""
    try:
        envelopes.unwrapped(parked.raw)  # an unreadable envelope stays unreadable
        for parameter in function.signature.parameters:
            if isinstance(parameter, MessageParameter):
                invoke.check(function, parameter, parked.message)
    except NotUnderstood:
        return False
    return True


def release(
    program: Program, parking: Parking, *, services: Collection[str] = ()
) -> dict[str, int]:
    """Put back the messages that their consumers can read now; return their number by queue.

    Without `services`, all services are included. Queues without released messages are left out.
    """
    released = {
        queue: parking.release(
            queue,
            ready=lambda parked, function=function: understands(function, parked),  # type: ignore[misc]
        )
        for queue, function in consumers(program).items()
        if not services or function.model.service in services
    }
    return {queue: count for queue, count in released.items() if count}


def _short(name: str) -> str:
    """Return the name; a hash replaces the end of a long name (a key has 2,048 bytes)."""
    if len(name) <= _LONGEST:
        return name
    return f"{name[:_LONGEST]}…{hashlib.sha256(name.encode(errors='replace')).hexdigest()[:16]}"
