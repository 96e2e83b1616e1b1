"""Carries out one invocation in an environment: a request, or a batch of deliveries with partial failures."""

import msgspec

from oort.app.declaring import versions
from oort.app.declaring.parameters import ContextParameter, MessageParameter, PrincipalParameter
from oort.app.programs import Function
from oort.model.context import Context
from oort.model.errors import EffectInProgress, NotUnderstood
from oort.model.functions import Http
from oort.model.invocations import (
    BatchInvocation,
    BatchOutcome,
    CallInvocation,
    CallOutcome,
    Failure,
    HttpInvocation,
    HttpOutcome,
    Parked,
)
from oort.model.messages import Delivery, Message, Reason
from oort.model.operations import Answered, Mark, Objected
from oort.model.problems import Problem
from oort.rules.types import models
from oort.runtime import redaction, replies
from oort.runtime.environments import Environment, in_full, in_short
from oort.runtime.requests import RequestReader

CAUGHT = (
    Exception,
    SystemExit,
)  # a handler that calls sys.exit() fails; it does not take the platform with it


def request(
    environment: Environment, reader: RequestReader, invocation: HttpInvocation
) -> HttpOutcome:
    """Answer one request. Never raises for what a handler does."""
    function = environment.function
    trigger = function.model.trigger
    status = trigger.status if isinstance(trigger, Http) else 200
    link, entered, raised = environment.link, False, ""
    trace = link.begin(
        name=function.model.name,
        kind="function",
        token=invocation.token,
        traceparent=invocation.traceparent,
        mark=None,
        detail={},
    )
    try:
        values = reader.read(invocation)
        arguments = {**environment.arguments(), **values}
        for parameter in function.signature.parameters:
            if isinstance(parameter, PrincipalParameter):
                arguments[parameter.name] = invocation.principal
        _add_context(environment, arguments, message_id=invocation.id, attempt=1)
        entered = True
        outcome = replies.success(environment.enter(arguments), status=status)
    except CAUGHT as error:
        outcome = replies.failure(error, trace=trace, entered=entered)
        raised = in_short(error) if outcome.error else ""
    link.end(error=raised)
    return msgspec.structs.replace(outcome, spans=link.take_spans())


def call(environment: Environment, invocation: CallInvocation) -> CallOutcome:
    """Answer another function's question. Never raises for what a handler does: a problem is objected, an error a 500."""
    function, link = environment.function, environment.link
    link.begin(
        name=function.model.name,
        kind="function",
        token=invocation.token,
        traceparent=invocation.traceparent,
        mark=None,
        detail={},
    )
    error = ""
    result: Answered | Objected
    try:
        message = Message(id=invocation.id, name=function.model.name, body=invocation.body)
        arguments = dict(environment.arguments())
        for parameter in function.signature.parameters:
            if isinstance(parameter, MessageParameter):
                arguments[parameter.name] = read(function, parameter, message)
        _add_context(environment, arguments, message_id=invocation.id, attempt=1)
        result = Answered(msgspec.json.encode(environment.enter(arguments), enc_hook=models.dump))
    except Problem as problem:
        result = objection(problem)
    except CAUGHT as raised:
        result, error = Objected(500, type(raised).__name__, "", b"{}"), in_full(raised)
    link.end(error=error.strip().rpartition("\n")[2])
    return CallOutcome(result=result, error=error, spans=link.take_spans())


def objection(problem: Problem) -> Objected:
    """A problem as it crosses to the caller."""
    members = msgspec.json.encode(redaction.problem(problem.members))
    detail = redaction.text(problem.detail)
    return Objected(problem.status, type(problem).__name__, detail, members)


def batch(environment: Environment, invocation: BatchInvocation) -> BatchOutcome:
    """Handle every delivery by itself; the failures are named, so that the others are not repeated."""
    ends = [_deliver(environment, invocation.token, delivery) for delivery in invocation.deliveries]
    return BatchOutcome(
        failures=tuple(end for end in ends if isinstance(end, Failure)),
        parked=tuple(end for end in ends if isinstance(end, Parked)),
        spans=environment.link.take_spans(),
    )


def _deliver(environment: Environment, token: str, delivery: Delivery) -> Failure | Parked | None:
    function, message = environment.function, delivery.message
    waited = max(0.0, environment.clock.now().timestamp() - message.sent)
    environment.link.begin(
        name=function.model.name,
        kind="delivery",
        token=token,
        traceparent=message.traceparent,
        mark=Mark(function.model.name, message.id),
        detail={
            "message": message.id,
            "attempt": str(delivery.attempt),
            "waited": f"{waited * 1000:.1f} ms",
        },
    )
    try:
        given = _given(function, delivery)
    except NotUnderstood as error:
        environment.link.end(error=f"parked: {error.fault.reason}")
        return Parked(receipt=delivery.receipt, fault=error.fault)
    except CAUGHT as error:  # an upcast of the user's own
        environment.link.end(error=in_short(error))
        return Failure(receipt=delivery.receipt, error=in_short(error), traceback=in_full(error))
    try:
        arguments = {**environment.arguments(), **given}
        _add_context(environment, arguments, message_id=message.id, attempt=delivery.attempt)
        environment.enter(arguments)
    except CAUGHT as error:
        environment.link.end(error=in_short(error))
        after = error.after.total_seconds() if isinstance(error, EffectInProgress) else 0.0
        return Failure(
            receipt=delivery.receipt, error=in_short(error), traceback=in_full(error), after=after
        )
    environment.link.end()
    return None


def _given(function: Function, delivery: Delivery) -> dict[str, object]:
    """The message as the handler's parameter. Raises NotUnderstood if it can be no such thing."""
    if delivery.fault is not None:
        raise NotUnderstood(delivery.fault)
    return {
        parameter.name: read(function, parameter, delivery.message)
        for parameter in function.signature.parameters
        if isinstance(parameter, MessageParameter)
    }


def check(function: Function, parameter: MessageParameter, message: Message) -> None:
    """Raise NotUnderstood where `read` would; no upcast is run."""
    from oort.rules.messaging import bodies  # for messages only

    if function.event is None:
        read(function, parameter, message)
    else:
        bodies.check(message)
        versions.check(function.event, message)


def read(function: Function, parameter: MessageParameter, message: Message) -> object:
    """The message as the handler's type. Raises NotUnderstood if it can be no such thing, and what an upcast raises."""
    from oort.rules.messaging import bodies  # for messages only

    bodies.check(message)
    if function.event is not None:
        return versions.read(function.event, message)
    try:
        return msgspec.json.decode(message.body, type=parameter.kind, dec_hook=models.load)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        what = f"does not fit {function.model.name}: {error}"
        raise bodies.refusal(message, Reason.MISFIT, what, "Give new fields a default.") from error


def _add_context(
    environment: Environment, arguments: dict[str, object], *, message_id: str, attempt: int
) -> None:
    for parameter in environment.function.signature.parameters:
        if isinstance(parameter, ContextParameter):
            now = environment.clock.now()
            deadline = now + environment.function.model.timeout
            arguments[parameter.name] = Context(
                message_id=message_id, attempt=attempt, now=now, deadline=deadline
            )
