"""Schedules of EventBridge Scheduler.

Each puts a message on the queue of its function, so that runs are retried like deliveries.
"""

from collections.abc import Iterator

from oort.cloudformation.constructs.roles import account_role
from oort.cloudformation.intrinsics import attribute
from oort.cloudformation.logical import identity, short
from oort.cloudformation.resources import Resource
from oort.cloudformation.scope import Scope
from oort.model.functions import FunctionModel, Timer
from oort.model.messages import Message
from oort.model.problems import Json
from oort.rules.cloud.cloud_names import UNDELIVERED
from oort.rules.grants.statement import Statement
from oort.rules.messaging import envelopes
from oort.rules.messaging.schedules import timer_expressions

# https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
_TIME = "<aws.scheduler.scheduled-time>"
_EPOCH = "1970-01-01T00:00:00Z"
_DAY = 86_400


def schedules(scope: Scope) -> Iterator[Resource]:
    """Yield the schedules of the service, and the role that all of them assume."""
    timers = [
        (function, function.trigger)
        for function in scope.service.functions
        if isinstance(function.trigger, Timer)
    ]
    if not timers:
        return
    targets = [timer.queue for _, timer in timers] + [f"{scope.service.name}.{UNDELIVERED}"]
    send = Statement("Send", ("sqs:SendMessage",), tuple(map(scope.location.queue_arn, targets)))
    yield account_role(
        "SchedulerRole",
        service="scheduler",
        statements=[send],
        description=f"Of the schedules of {scope.service.name} alone.",
    )
    for function, timer in timers:
        # A cron expression in which either day may fit becomes two, whose runs have the same id.
        for number, expression in enumerate(timer_expressions(timer), 1):
            yield _schedule(function, timer, expression, number, scope)


def payload(function: str, queue: str) -> str:
    """Return the envelope of a run, with placeholders for the time.

    The scheduler fills them in, so that a repeated delivery has the same id.
    """
    message = Message(id=f"{function}@{_TIME}", name=queue, body=b"null", sent=0.0)
    return envelopes.wrapped(message).replace(_EPOCH, _TIME)


def _schedule(
    function: FunctionModel, timer: Timer, expression: str, number: int, scope: Scope
) -> Resource:
    name = function.name if number == 1 else f"{function.name}.{number}"
    target: Json = {
        "Arn": attribute(identity("Queue", short(timer.queue)), "Arn"),
        "RoleArn": attribute("SchedulerRole", "Arn"),
        "Input": payload(function.name, timer.queue),
        "RetryPolicy": {"MaximumEventAgeInSeconds": _DAY, "MaximumRetryAttempts": 185},
        "DeadLetterConfig": {"Arn": attribute("Undelivered", "Arn")},
    }
    return Resource(
        identity("Schedule", short(name)),
        "AWS::Scheduler::Schedule",
        {
            "Name": scope.location.schedule(name),
            "ScheduleExpression": expression,
            "ScheduleExpressionTimezone": timer.timezone,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": target,
        },
    )
