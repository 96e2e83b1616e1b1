"""Operations of workers: judged like input from outside, performed, and answered as a frame."""

import math
from collections.abc import Callable

from msgspec.structs import replace

from oort.engine.invoking.broker import EngineBroker, Stored
from oort.engine.workers import wire
from oort.engine.workers.wire import Failed, Performed
from oort.model.errors import InvalidValue, NotUnderstood, OortError
from oort.model.messages import Message
from oort.model.operations import (
    Commit,
    GetItem,
    Operation,
    PublishEvent,
    Refused,
    Request,
    SendMessage,
)
from oort.ports.broker import Broker
from oort.rules.messaging import bodies

_DEFECT = Failed(OortError.code, "The engine failed; its log says why.")
_CARRYING = (SendMessage, PublishEvent, Commit)  # operations that may carry messages


def answered(broker: Broker, request: Request, *, failed: Callable[[Exception], None]) -> bytes:
    """Perform the operation and return the frame of its result. Never raises an exception."""
    try:
        if isinstance(request.operation, _CARRYING):
            request = Request(request.token, _judged(request.operation))
        return wire.framed(Performed(broker.perform(request)))
    except NotUnderstood as error:
        return wire.framed(Performed(Refused(InvalidValue.code, str(error))))
    except OortError as error:
        return wire.framed(Failed(error.code, error.what, error.instead))
    except Exception as error:  # a failure of the engine, or of a value that no handle sends
        failed(error)
        return wire.framed(_DEFECT)


def read(
    broker: EngineBroker,
    request: Request,
    operation: GetItem,
    *,
    stored: Stored,
    failed: Callable[[Exception], None],
) -> bytes:
    """Read an item and return the frame of the result. Never raises an exception."""
    try:
        found = broker.read(request, operation, stored)
        return wire.framed(Performed(found)) if isinstance(found, Refused) else wire.found(found)
    except OortError as error:
        return wire.framed(Failed(error.code, error.what, error.instead))
    except Exception as error:  # as in `answered`
        failed(error)
        return wire.framed(_DEFECT)


def _judged(operation: Operation) -> Operation:
    """Return the operation with messages that are read here. Raises NotUnderstood for the others.

    A worker may say of a message that it was checked; nobody has to believe it.
    """
    if isinstance(operation, SendMessage | PublishEvent):
        return replace(operation, message=_checked(operation.message))
    if isinstance(operation, Commit) and any(
        isinstance(write, SendMessage | PublishEvent) for write in operation.writes
    ):
        writes = tuple(
            replace(write, message=_checked(write.message))
            if isinstance(write, SendMessage | PublishEvent)
            else write
            for write in operation.writes
        )
        return replace(operation, writes=writes)
    return operation


def _checked(message: Message) -> Message:
    bodies.check(replace(message, checked=False))
    for older in message.older:
        bodies.check(replace(message, body=older.body, version=older.version, checked=False))
    sent = message.sent if math.isfinite(message.sent) else 0.0
    return replace(message, checked=True, sent=sent)
