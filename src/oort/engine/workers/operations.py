"""Operations of workers: judged like input from outside, performed, and answered as a frame."""

import math
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from oort.engine.invoking.broker import EngineBroker
from oort.engine.invoking.plans import Write
from oort.engine.rows.planned import Planned
from oort.engine.workers import wire
from oort.engine.workers.wire import Failed, Performed
from oort.model.errors import InvalidValue, NotUnderstood, OortError, Refusal
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
from oort.runtime.operations import refused

_CARRYING = (SendMessage, PublishEvent, Commit)  # operations that may carry messages


def answered(broker: Broker, request: Request, *, failed: Callable[[Exception], None]) -> bytes:
    """Perform the operation and return the frame of its result. Never raises an exception."""
    try:
        if isinstance(request.operation, _CARRYING):
            request = Request(request.token, _judged(request.operation))
        return wire.framed(Performed(broker.perform(request)))
    except NotUnderstood as error:
        return wire.framed(Performed(Refused(InvalidValue.code, str(error))))
    except Exception as error:
        return _lost(error, failed=failed)


def read(
    broker: EngineBroker,
    request: Request,
    operation: GetItem,
    *,
    failed: Callable[[Exception], None],
) -> bytes:
    """Read an item and return the frame of the result. Never raises an exception."""
    try:
        found = broker.read(request, operation)
        return wire.framed(Performed(found)) if isinstance(found, Refused) else wire.found(found)
    except Exception as error:
        return _lost(error, failed=failed)


def planned(
    broker: EngineBroker,
    request: Request,
    operation: Write,
    *,
    failed: Callable[[Exception], None],
) -> Planned[Any] | bytes | None:
    """Return a write that is ready for the store, or the frame of its result.

    None if the operation needs a thread. Never raises an exception.
    """
    try:
        judged = _judged(operation) if isinstance(operation, _CARRYING) else operation
        assert isinstance(judged, Write)
        ready = broker.plan(request, judged)
        return wire.framed(Performed(ready)) if isinstance(ready, Refused) else ready
    except NotUnderstood as error:
        return wire.framed(Performed(Refused(InvalidValue.code, str(error))))
    except Exception as error:
        return _lost(error, failed=failed)


def written(write: Planned[Any], outcome: object, *, failed: Callable[[Exception], None]) -> bytes:
    """Return the frame of the result of a write. Never raises an exception."""
    try:
        if isinstance(outcome, Refusal):
            return wire.framed(Performed(refused(outcome)))
        if isinstance(outcome, Exception):
            return _lost(outcome, failed=failed)
        return wire.framed(Performed(write.result(outcome)))
    except Exception as error:
        return _lost(error, failed=failed)


def _lost(error: Exception, *, failed: Callable[[Exception], None]) -> bytes:
    """Return the frame for an operation without a result."""
    if isinstance(error, OortError):
        return wire.framed(Failed(error.code, error.what, error.instead))
    failed(error)  # a failure of the engine, or of a value that no handle sends
    return wire.framed(Failed(OortError.code, "The engine failed; its log says why."))


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
