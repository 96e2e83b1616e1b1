"""Releases what is parked once its consumer understands it. Called when a program starts, after a deployment, and by hand."""

from collections.abc import Collection

from oort.app.declaring.signatures import MessageParameter
from oort.app.programs import Function, Program
from oort.model.errors import NotUnderstood
from oort.model.functions import Consumed
from oort.model.messages import ParkedMessage
from oort.ports.parking import Parking
from oort.rules.messaging import envelopes
from oort.runtime import invoke


def consumers(program: Program) -> dict[str, Function]:
    """The consumer of each queue."""
    return {
        one.model.trigger.queue: one
        for one in program.functions.values()
        if isinstance(one.model.trigger, Consumed)
    }


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
