"""Chooses by a function's trigger how its invocations are answered. Only that way is loaded."""

from collections.abc import Callable

from oort.aws.invoking.parts import Event, Parts
from oort.model.functions import Answer, Http, Subscription, Timer, Worker


def handler(parts: Parts) -> Callable[[Event], object]:
    """The function that answers each invocation. It raises InvalidUse for an event of another trigger."""
    match parts.function.model.trigger:
        case Http() as trigger:
            from oort.aws.invoking.requests import Requests

            return Requests(parts, trigger).answer
        case Subscription() | Worker() | Timer() as trigger:
            from oort.aws.invoking.batches import Batches

            return Batches(parts, trigger).answer
        case Answer():
            from oort.aws.invoking.calls import Calls

            return Calls(parts).answer
