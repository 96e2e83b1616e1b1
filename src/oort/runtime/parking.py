"""Parked messages: which of them ring an alarm, and the release of those that their consumer understands now.

An alarm rings for the first message of each event and version that a function cannot read. What has rung is marked in the
function's inbox, so that neither a restart nor another environment rings again; a mark lasts 15 days. A release is made when
a program starts, after a deployment, and by hand.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Collection

from oort.app.declaring.parameters import MessageParameter
from oort.app.programs import Function, Program
from oort.model.errors import NotUnderstood, OortError
from oort.model.messages import Message, ParkedMessage
from oort.model.operations import Mark
from oort.ports.parking import Parking
from oort.ports.transactions import Transactions
from oort.rules import triggers
from oort.rules.messaging import envelopes
from oort.runtime import invoke

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


def consumers(program: Program) -> dict[str, Function]:
    """The consumer of each queue."""
    found = triggers.consumers(program.model.functions)
    return {queue: program.functions[function.name] for queue, function in found.items()}


def understands(function: Function, parked: ParkedMessage) -> bool:
    """Whether the consumer can read the message as it is now. Its handler is not entered, its upcasts are not run."""
    try:
        envelopes.unwrapped(parked.raw)  # garbage stays garbage
        for parameter in function.signature.parameters:
            if isinstance(parameter, MessageParameter):
                invoke.check(function, parameter, parked.message)
    except NotUnderstood:
        return False
    return True


def release(
    program: Program, parking: Parking, *, services: Collection[str] = ()
) -> dict[str, int]:
    """Put back everything that its consumer understands now, of these services or of all; how many messages for each queue
    that had some.
    """
    found = {
        queue: parking.release(
            queue,
            ready=lambda parked, function=function: understands(function, parked),  # type: ignore[misc]
        )
        for queue, function in consumers(program).items()
        if not services or function.model.service in services
    }
    return {queue: count for queue, count in found.items() if count}


def _short(name: str) -> str:
    """The name, which others chose: a key has 2,048 bytes."""
    if len(name) <= _LONGEST:
        return name
    return f"{name[:_LONGEST]}…{hashlib.sha256(name.encode(errors='replace')).hexdigest()[:16]}"
