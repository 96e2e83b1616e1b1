"""Run an invocation in an environment: a request, a call or a batch of deliveries."""

from typing import TYPE_CHECKING

import msgspec

from oort.app.declaring.parameters import ContextParameter, MessageParameter, PrincipalParameter
from oort.app.handles import codecs
from oort.app.programs import Function
from oort.model.errors import EffectInProgress, NotUnderstood, TimedOut
from oort.model.functions import Http
from oort.model.invocations import (
    BatchInvocation,
    BatchOutcome,
    CallInvocation,
    CallOutcome,
    Context,
    Failure,
    HttpInvocation,
    HttpOutcome,
    Parked,
)
from oort.model.messages import Delivery, Message, Reason
from oort.model.operations import Answered, Mark, Objected
from oort.model.problems import Problem
from oort.runtime import redaction, replies
from oort.runtime.environments import Environment, in_full, in_short
from oort.runtime.requests import RequestReader

if TYPE_CHECKING:
    from collections.abc import Callable

_REPORTING = 1e9  # nanoseconds, to report the end of a batch


def prepare(environment: Environment, *, token: str) -> str:
    """Make the ports of the handler before its first invocation.

    Returns what a provider raised, in a line; empty without an error. Then the next invocation tries again.
    """
    link, error = environment.link, ""
    link.begin(
        name=environment.function.model.name,
        kind="function",
        token=token,
        traceparent="",
        mark=None,
        detail={},
        timeout=environment.timeout,
    )
    try:
        environment.prepare()
    except environment.through:
        raise
    except BaseException as raised:
        error = in_short(raised)
    link.end(error=error)
    link.take_spans()  # of no request
    return error


def request(
    environment: Environment, reader: RequestReader, invocation: HttpInvocation
) -> HttpOutcome:
    """Answer a request. An exception of the handler becomes a reply."""
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
        timeout=environment.timeout,
    )
    try:
        values = reader.read(invocation)
        arguments = {**environment.arguments(), **values}
        for parameter in function.signature.parameters:
            if isinstance(parameter, PrincipalParameter):
                arguments[parameter.name] = invocation.principal
        _add_context(environment, arguments, message_id=invocation.id, attempt=1)
        entered = True
        outcome = replies.success(
            environment.enter(arguments), kind=function.signature.returns, status=status
        )
    except environment.through:
        raise
    except BaseException as error:  # sys.exit() and cancellations too: the platform goes on
        outcome = replies.failure(error, trace=trace, entered=entered)
        raised = in_short(error) if outcome.error else ""
    link.end(error=raised)
    return msgspec.structs.replace(outcome, spans=link.take_spans())


def call(environment: Environment, invocation: CallInvocation) -> CallOutcome:
    """Answer a call of another function.

    A problem of the handler becomes an objection with its status; other exceptions have status 500.
    """
    function, link = environment.function, environment.link
    link.begin(
        name=function.model.name,
        kind="function",
        token=invocation.token,
        traceparent=invocation.traceparent,
        mark=None,
        detail={},
        timeout=environment.timeout,
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
        result = Answered(codecs.written(environment.enter(arguments), function.signature.returns))
    except environment.through:
        raise
    except BaseException as raised:
        result, error = _objection(raised)
    link.end(error=error.strip().rpartition("\n")[2])
    return CallOutcome(result=result, error=error, spans=link.take_spans())


def _objection(raised: BaseException) -> tuple[Objected, str]:
    """Return what the caller receives, and the traceback of an error."""
    if isinstance(raised, TimedOut):
        return Objected(504, "CallTimedOut", str(raised), b"{}"), in_full(raised)
    if isinstance(raised, Problem):
        try:
            return objection(raised), ""
        except Exception as broken:  # a member that JSON cannot have
            raised = broken
    return Objected(500, type(raised).__name__, "", b"{}"), in_full(raised)


def objection(problem: Problem) -> Objected:
    """Return a problem in the form that the caller receives."""
    members = msgspec.json.encode(redaction.problem(problem.members))
    detail = redaction.text(problem.detail)
    return Objected(problem.status, type(problem).__name__, detail, members)


def batch(
    environment: Environment,
    invocation: BatchInvocation,
    *,
    settled: "Callable[[Failure | Parked | None], object] | None" = None,
    ending: "Callable[[], bool]" = lambda: False,
) -> BatchOutcome:
    """Handle each delivery alone and return the failures, so that only these are repeated.

    A delivery does not begin if the invocation might end before the delivery's time-out, or when
    the platform is `ending`. `settled` receives the end of each delivery at once.
    """
    outcomes: list[Failure | Parked | None] = []
    end = environment.clock.tick() + invocation.lasts * 1e9
    needed = environment.function.model.timeout.total_seconds() * 1e9 + _REPORTING
    for delivery in invocation.deliveries:
        if ending() or (outcomes and environment.clock.tick() + needed > end):
            break
        outcomes.append(_deliver(environment, invocation.token, delivery))
        if settled is not None:
            settled(outcomes[-1])
    return BatchOutcome(
        left=tuple(delivery.receipt for delivery in invocation.deliveries[len(outcomes) :]),
        failures=tuple(outcome for outcome in outcomes if isinstance(outcome, Failure)),
        parked=tuple(outcome for outcome in outcomes if isinstance(outcome, Parked)),
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
        timeout=environment.timeout,
    )
    try:
        message_argument = _message_argument(function, delivery)
    except NotUnderstood as error:
        environment.link.end(error=f"parked: {error.fault.reason}")
        return Parked(receipt=delivery.receipt, fault=error.fault)
    except environment.through:
        raise
    except BaseException as error:  # a user's upcast failed
        environment.link.end(error=in_short(error))
        return Failure(receipt=delivery.receipt, error=in_short(error), traceback=in_full(error))
    try:
        arguments = {**environment.arguments(), **message_argument}
        _add_context(environment, arguments, message_id=message.id, attempt=delivery.attempt)
        environment.enter(arguments)
    except environment.through:
        raise
    except BaseException as error:  # it concerns this message only
        environment.link.end(error=in_short(error))
        after = error.after.total_seconds() if isinstance(error, EffectInProgress) else 0.0
        return Failure(
            receipt=delivery.receipt, error=in_short(error), traceback=in_full(error), after=after
        )
    environment.link.end()
    return None


def _message_argument(function: Function, delivery: Delivery) -> dict[str, object]:
    """Return the message as the handler's argument. Raises NotUnderstood if it cannot be read."""
    if delivery.fault is not None:
        raise NotUnderstood(delivery.fault)
    return {
        parameter.name: read(function, parameter, delivery.message)
        for parameter in function.signature.parameters
        if isinstance(parameter, MessageParameter)
    }


def check(function: Function, parameter: MessageParameter, message: Message) -> None:
    """Raise NotUnderstood in the cases of `read`, without running upcasts."""
    from oort.rules.messaging import bodies  # for messages only

    if function.event is None:
        read(function, parameter, message)
    else:
        from oort.app.declaring import versions  # for events only

        bodies.check(message)
        versions.check(function.event, message)


def read(function: Function, parameter: MessageParameter, message: Message) -> object:
    """Return the message as the handler's type.

    Raises NotUnderstood if the message cannot be read, and the exceptions of upcasts.
    """
    from oort.rules.messaging import bodies  # for messages only

    bodies.check(message)
    if function.event is not None:
        from oort.app.declaring import versions  # for events only

        return versions.read(function.event, message)
    if function.upgrades or message.version > 1:
        from oort.app.handles import upgrades  # for queues with upgrades only

        return upgrades.message(message, parameter.kind, function.upgrades)
    try:
        return codecs.read(message.body, parameter.kind)
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
