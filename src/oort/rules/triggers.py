"""Functions by their triggers: the consumer of each queue, the function that answers each call."""

from collections.abc import Iterable
from datetime import timedelta

from oort.model import limits
from oort.model.functions import Answer, Consumed, FunctionModel


def batch(asked: int, *, timeout: timedelta) -> int:
    """Return the size of a batch in which each message can use its whole time-out.

    >>> batch(10, timeout=timedelta(seconds=30)), batch(10, timeout=timedelta(minutes=4))
    (10, 3)
    """
    fitting = (limits.FUNCTION_TIMEOUT - limits.INVOCATION_RESERVE) // timeout
    return max(1, min(asked, fitting))


def invocation_time(timeout: timedelta, *, batch: int = 1) -> timedelta:
    """Return the time-out of an invocation, from that of a message or a request.

    >>> invocation_time(timedelta(seconds=30), batch=10)
    datetime.timedelta(seconds=310)
    """
    return min(limits.FUNCTION_TIMEOUT, timeout * batch + limits.INVOCATION_RESERVE)


def lasts(function: FunctionModel) -> timedelta:
    """Return the time-out of an invocation of the function."""
    messages = function.trigger.batch if isinstance(function.trigger, Consumed) else 1
    return invocation_time(function.timeout, batch=messages)


def visibility(timeout: timedelta, *, batch: int = 1) -> timedelta:
    """Return the visibility time-out of the queue of a consumer."""
    return invocation_time(timeout, batch=batch) * limits.VISIBILITY_PER_TIMEOUT


def consumers(functions: Iterable[FunctionModel]) -> dict[str, FunctionModel]:
    """Return the consumer of each queue."""
    return {
        function.trigger.queue: function
        for function in functions
        if isinstance(function.trigger, Consumed)
    }


def answering(functions: Iterable[FunctionModel]) -> dict[str, FunctionModel]:
    """Return the function that answers each call."""
    return {
        function.trigger.call: function
        for function in functions
        if isinstance(function.trigger, Answer)
    }
