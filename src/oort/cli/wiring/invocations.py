"""Run `oort invoke`: a request through the gateway with its checks, or deliveries to a consumer."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from oort.app.programs import Function
from oort.cli.invoke import payloads
from oort.cli.invoke.payloads import RequestEvent
from oort.engine.engine import Engine
from oort.engine.entropy import SystemEntropy
from oort.engine.identity.issuer import Issuer
from oort.model import limits
from oort.model.http import HttpReply, HttpRequest
from oort.model.invocations import Failure
from oort.model.messages import Delivery
from oort.rules import identifiers

_LIFETIME = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Consumed:
    """The result for one message."""

    message: str
    trace: str
    failure: Failure | None


def answer(engine: Engine, issuer: Issuer, event: RequestEvent, request: HttpRequest) -> HttpReply:
    """Return the gateway's reply to the request, sent with a token of the event's user."""
    headers = dict(request.headers)
    body = bytes(event.body)
    if body:
        headers.setdefault("content-type", "application/json")
    if event.user is not None:
        headers["authorization"] = f"Bearer {issuer.issue(event.user, event.groups, _LIFETIME)}"
    admitted = engine.gateway.admit(
        HttpRequest(request.method, request.path, request.query, headers)
    )
    if isinstance(admitted, HttpReply):
        return admitted
    if len(body) > limits.REQUEST_BYTES:
        return engine.gateway.too_large(admitted)
    return engine.gateway.answer(admitted, body)


def consume(engine: Engine, function: Function, bodies: list[bytes]) -> list[Consumed]:
    """Deliver each message to the function, in a separate trace.

    Messages do not go through a queue, so a failure is not tried again.
    """
    entropy, now = SystemEntropy(), datetime.now(UTC)
    consumed: list[Consumed] = []
    for body in bodies:
        name = identifiers.new(now, entropy.bits)
        message = payloads.message(body, function, id=name, sent=now.timestamp())
        delivery = Delivery(message=message, receipt=name, attempt=1)
        outcome = engine.invoker.batch(function.model.name, (delivery,), id=name)
        engine.ports.traces.record(outcome.spans)
        failure = outcome.failures[0] if outcome.failures else None
        consumed.append(Consumed(name, outcome.spans[0].trace, failure))
    return consumed
