"""One function in Lambda: what it was invoked with decides how it answers. A request, a batch of a queue, or a call.

The runtime that enters the handler is the one of the embedded engine. The environment is made at the first invocation and
kept for all that follow.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict, cast

import msgspec

from oort.app.programs import Function
from oort.aws.invoking import requests
from oort.aws.invoking.broker import LambdaBroker
from oort.aws.invoking.logs import Field, JsonLog
from oort.aws.invoking.requests import ReplyDocument, RequestEvent
from oort.aws.services.calls import CallEvent, CallReply
from oort.model.errors import InvalidToken, InvalidUse, NotUnderstood, OortError
from oort.model.functions import Consumed, Http, Subscription, Timer, Worker
from oort.model.invocations import (
    BatchInvocation,
    CallInvocation,
    Failure,
    HttpInvocation,
    HttpOutcome,
    Parked,
    Principal,
)
from oort.model.messages import Delivery, Fault, Message
from oort.model.problems import Problem, Unauthorized
from oort.ports.clock import Clock
from oort.ports.entropy import Entropy
from oort.ports.parking import Parking
from oort.ports.queues import Queues
from oort.ports.traces import Traces
from oort.rules import identifiers
from oort.rules.http import access, reply_headers
from oort.rules.http.reply_headers import Origins
from oort.rules.messaging import envelopes, retries
from oort.runtime import invoke, replies
from oort.runtime.alarms import Alarms
from oort.runtime.environments import Environment
from oort.runtime.requests import RequestReader

Event = Mapping[str, object]

# API Gateway speaks TLS only, and browsers shall know it. The engine sends no such header: it speaks plain HTTP.
_TLS_ONLY = ("strict-transport-security", "max-age=63072000")


class RecordEvent(TypedDict):
    """One message of a batch, as Lambda's poller hands it over.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """

    messageId: str
    receiptHandle: str
    body: str
    attributes: Mapping[str, str]
    messageAttributes: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a function's handler works with; the entry puts it together."""

    function: Function
    broker: LambdaBroker
    queues: Queues
    parking: Parking
    alarms: Alarms
    attempts: int  # of the queue that it consumes
    origins: Origins
    traces: Traces
    log: JsonLog
    clock: Clock
    entropy: Entropy


class Handler:
    """Answers the invocations of one function."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._function = parts.function
        self._environment = Environment(
            parts.function, broker=parts.broker, clock=parts.clock, entropy=parts.entropy
        )
        self._reader = RequestReader(parts.function)
        self._rang = 0  # events and versions of one batch that were parked for the first time

    def answer(self, event: Event) -> object:
        """What Lambda hands back to whoever invoked the function. InvalidUse for an event that it has no trigger for."""
        trigger = self._function.model.trigger
        if isinstance(trigger, Http) and "httpMethod" in event:
            return self._request(cast(RequestEvent, event), trigger)
        if isinstance(trigger, Subscription | Worker | Timer) and "Records" in event:
            return self._batch(cast(Sequence[RecordEvent], event["Records"]), trigger)
        if event.get("oort") == "call":
            return self._call(msgspec.convert(event, CallEvent))
        name = self._function.model.name
        raise InvalidUse(
            f"{name} was invoked with what it cannot read.", "Invoke it through its trigger."
        )

    # -- requests

    def _request(self, event: RequestEvent, trigger: Http) -> ReplyDocument:
        started = self._parts.clock.tick()
        given = requests.headers(event)
        above = identifiers.parent_of(given.get("traceparent", "")) or _xray() or self._fresh()
        trace = self._parts.log.trace = above[0]
        try:
            outcome = self._admitted(event, trigger, given, identifiers.traceparent(*above))
        except Problem as problem:
            outcome = replies.problem(problem, entered=False)
        self._parts.traces.record(outcome.spans)
        route = f"{trigger.method} {trigger.path}"
        self._ended(
            route,
            started,
            failed=int(outcome.status >= 500),
            error=outcome.error,
            status=outcome.status,
        )
        private = outcome.status >= 400 or not trigger.public
        headers = reply_headers.complete(outcome.headers, private=private)
        origins = self._parts.origins.headers(trigger.path, given)
        return requests.reply(outcome, extra=(*headers, *origins, _TLS_ONLY, ("trace-id", trace)))

    def _admitted(
        self, event: RequestEvent, trigger: Http, given: dict[str, str], traceparent: str
    ) -> HttpOutcome:
        """The outcome of a request whose caller may make it."""
        principal, parameters = self._caller(event, trigger), requests.path(event)
        access.check(principal, trigger, parameters)
        token = self._open()
        try:
            invocation = HttpInvocation(
                id=token,
                token=token,
                traceparent=traceparent,
                path=parameters,
                query=requests.query(event),
                headers=given,
                body=requests.body(event),
                principal=principal,
            )
            return invoke.request(self._environment, self._reader, invocation)
        finally:
            self._parts.broker.close()

    def _caller(self, event: RequestEvent, trigger: Http) -> Principal | None:
        try:
            return requests.principal(event, trigger)
        except InvalidToken as error:
            raise Unauthorized(error.what) from error

    # -- batches

    def _batch(self, records: Sequence[RecordEvent], trigger: Consumed) -> object:
        """The partial batch response. A message that failed comes back after its own time, not after the queue's."""
        started = self._parts.clock.tick()
        deliveries = tuple(_delivery(record, queue=trigger.queue) for record in records)
        token = self._open({one.message.id for one in deliveries})
        try:
            outcome = invoke.batch(
                self._environment, BatchInvocation(id=token, token=token, deliveries=deliveries)
            )
        finally:
            self._parts.broker.close()
        self._parts.traces.record(outcome.spans)
        ends: dict[str, Failure | Parked] = {
            failure.receipt: failure for failure in outcome.failures
        }
        ends |= {parked.receipt: parked for parked in outcome.parked}
        self._rang = 0
        lost = {
            one.receipt
            for one in deliveries
            if not self._settled(trigger.queue, one, ends.get(one.receipt))
        }
        self._parts.log.trace = ""
        told = f"{trigger.queue}: {len(deliveries)} delivered, {len(lost)} failed, {len(outcome.parked)} parked"
        self._ended(told, started, failed=len(lost), rang=self._rang, batch=len(deliveries))
        return {
            "batchItemFailures": [
                {"itemIdentifier": record["messageId"]}
                for record in records
                if record["receiptHandle"] in lost
            ]
        }

    def _settled(self, queue: str, delivery: Delivery, end: Failure | Parked | None) -> bool:
        """Tell of a delivery, and park it if it was not understood; whether Lambda's poller may take it off the queue."""
        self._parts.log.trace = (identifiers.parent_of(delivery.message.traceparent) or ("", ""))[0]
        if isinstance(end, Parked):
            return self._parked(queue, delivery, end.fault)
        self._delivered(queue, delivery, end)
        return end is None

    def _parked(self, queue: str, delivery: Delivery, fault: Fault) -> bool:
        """The first of its event and version is an error, which alarms may stand on; the others are told, too."""
        message, log = delivery.message, self._parts.log
        fields: dict[str, Field] = {
            "message_id": message.id, "event": message.name, "version": message.version, "reason": fault.reason.value
        }  # fmt: skip
        try:
            self._parts.parking.keep(queue, delivery, fault)
        except OortError as error:  # it comes back, and is dead-lettered at last
            log.write("ERROR", f"A message could not be parked: {error}", **fields)
            return False
        rings = self._parts.alarms.rings(self._function.model.name, message)
        self._rang += rings
        log.write("ERROR" if rings else "INFO", f"parked: {fault.detail}", **fields)
        return True

    def _delivered(self, queue: str, delivery: Delivery, failure: Failure | None) -> None:
        message, log = delivery.message, self._parts.log
        if failure is None:
            log.write("INFO", "delivered", message_id=message.id, attempt=delivery.attempt)
            return
        last = retries.exhausted(delivery.attempt, attempts=self._parts.attempts)
        log.write(
            "ERROR",
            f"{failure.error} (attempt {delivery.attempt} of {self._parts.attempts})",
            message_id=message.id,
            attempt=delivery.attempt,
            traceback=failure.traceback,
        )
        after = retries.backoff(
            delivery.attempt, chance=self._parts.entropy.chance(), least=failure.after
        )
        try:  # it comes back anyway, only later: when the queue's visibility time-out ends
            self._parts.queues.retry(
                queue, delivery.receipt, after=after * (not last), error=failure.error
            )
        except OortError as error:
            log.write(
                "WARNING",
                f"The message keeps the queue's visibility time-out: {error}",
                message_id=message.id,
            )

    # -- calls

    def _call(self, event: CallEvent) -> object:
        started = self._parts.clock.tick()
        above = identifiers.parent_of(event.traceparent) or self._fresh()
        self._parts.log.trace = above[0]
        token = self._open()
        try:
            invocation = CallInvocation(
                id=token,
                token=token,
                traceparent=identifiers.traceparent(*above),
                body=event.body.encode(),
            )
            outcome = invoke.call(self._environment, invocation)
        finally:
            self._parts.broker.close()
        self._parts.traces.record(outcome.spans)
        self._ended("call", started, failed=int(bool(outcome.error)), error=outcome.error)
        return msgspec.to_builtins(CallReply(outcome.result))

    # -- what all of them do

    def _open(self, messages: Collection[str] = ()) -> str:
        """The id of an invocation, which is also its token: nobody else is here who could use it."""
        now = int(self._parts.clock.now().timestamp() * 1000)
        token = identifiers.uuid7(now, self._parts.entropy.bits(74))
        self._parts.broker.open(token, messages=messages)
        return token

    def _fresh(self) -> tuple[str, str]:
        return (
            f"{self._parts.entropy.bits(128) or 1:032x}",
            f"{self._parts.entropy.bits(64) or 1:016x}",
        )

    def _ended(
        self,
        message: str,
        started: int,
        *,
        failed: int,
        rang: int = 0,
        error: str = "",
        **fields: int,
    ) -> None:
        took = (self._parts.clock.tick() - started) / 1e6
        self._parts.log.invocation(
            message, failed=failed, rang=rang, milliseconds=took, traceback=error, **fields
        )


def _delivery(record: RecordEvent, *, queue: str) -> Delivery:
    """The message. One that is no envelope is handed over with what is wrong with it, so that it is parked as it came."""
    fault: Fault | None = None
    try:
        message = envelopes.unwrapped(record["body"])
    except NotUnderstood as error:
        message, fault = (
            Message(id=record["messageId"], name=queue, body=record["body"].encode()),
            error.fault,
        )
    return Delivery(
        message=message,
        receipt=record["receiptHandle"],
        attempt=int(record["attributes"].get("ApproximateReceiveCount", "1")),
        fault=fault,
        raw=record["body"],
        headers=_headers(record),
    )


def _headers(record: RecordEvent) -> tuple[tuple[str, str], ...]:
    given = record.get("messageAttributes", {})
    return tuple(
        (name, one["stringValue"]) for name, one in sorted(given.items()) if "stringValue" in one
    )


def _xray() -> tuple[str, str] | None:
    """The trace that Lambda continues: its own span is the parent of ours."""
    found = identifiers.from_xray(os.environ.get("_X_AMZN_TRACE_ID", ""))
    return found if found and found[1] else None
