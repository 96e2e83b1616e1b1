"""Functions by their triggers: the consumer of each queue, the function that answers each call."""

from collections.abc import Iterable

from oort.model.functions import Answer, Consumed, FunctionModel


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
