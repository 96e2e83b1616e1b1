"""A batch of messages: Lambda's poller takes them from a queue and deletes those that did not fail."""

from collections.abc import Mapping, Sequence
from typing import TypedDict, cast

from oort.aws.invoking.logs import Field
from oort.aws.invoking.parts import Event, Parts
from oort.model.errors import NotUnderstood, OortError
from oort.model.functions import Consumed
from oort.model.invocations import BatchInvocation, Failure, Parked
from oort.model.messages import Delivery, Fault, Message
from oort.rules import identifiers
from oort.rules.messaging import envelopes, retries
from oort.runtime import invoke
from oort.runtime.parking import Alarms


class RecordEvent(TypedDict):
    """One message of a batch, as Lambda's poller hands it over.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """

    messageId: str
    receiptHandle: str
    body: str
    attributes: Mapping[str, str]
    messageAttributes: Mapping[str, Mapping[str, str]]


class Batches:
    """Answers the batches of one consumer. A message that failed comes back after its own time, not after the queue's."""

    def __init__(self, parts: Parts, trigger: Consumed) -> None:
        self._parts = parts
        self._queue = trigger.queue
        self._attempts = next(
            queue.attempts for queue in parts.platform.queues if queue.name == trigger.queue
        )
        self._environment = parts.environment()
        self._alarms = Alarms(parts.ports.transactions)

    def answer(self, event: Event) -> object:
        """Lambda's answer to an invocation: the partial batch response."""
        if "Records" not in event:
            raise self._parts.unreadable()
        return self._answer(cast(Sequence[RecordEvent], event["Records"]))

    def _answer(self, records: Sequence[RecordEvent]) -> object:
        parts, started = self._parts, self._parts.clock.tick()
        deliveries = tuple(_delivery(record, queue=self._queue) for record in records)
        with parts.invocation({delivery.message.id for delivery in deliveries}) as token:
            outcome = invoke.batch(
                self._environment, BatchInvocation(id=token, token=token, deliveries=deliveries)
            )
        parts.ports.traces.record(outcome.spans)
        failures = {failure.receipt: failure for failure in outcome.failures}
        faults = {parked.receipt: parked for parked in outcome.parked}
        failed, rang = set[str](), 0
        for delivery in deliveries:
            parts.log.trace = (identifiers.parent_of(delivery.message.traceparent) or ("", ""))[0]
            if parked := faults.get(delivery.receipt):
                kept, rings = self._parked(delivery, parked)
                rang += rings
            else:
                kept = self._delivered(delivery, failures.get(delivery.receipt))
            if not kept:
                failed.add(delivery.receipt)
        parts.log.trace = ""
        summary = f"{self._queue}: {len(deliveries)} delivered, {len(failed)} failed, {len(outcome.parked)} parked"
        parts.ended(summary, started, failed=len(failed), rang=rang, batch=len(deliveries))
        messages = [record["messageId"] for record in records if record["receiptHandle"] in failed]
        return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in messages]}

    def _parked(self, delivery: Delivery, end: Parked) -> tuple[bool, bool]:
        """Park the message: whether it is off the queue, and whether it rings an alarm.

        The first of its event and version is logged as an error, which alarms may stand on; the others as information.
        """
        parts, message, fault = self._parts, delivery.message, end.fault
        fields: dict[str, Field] = {
            "message_id": message.id, "event": message.name, "version": message.version, "reason": fault.reason.value
        }  # fmt: skip
        try:
            parts.ports.deliveries.keep(self._queue, delivery, fault)
        except OortError as error:  # it comes back, and is dead-lettered at last
            parts.log.write("ERROR", f"A message could not be parked: {error}", **fields)
            return False, False
        rings = self._alarms.rings(parts.function.model.name, message)
        parts.log.write("ERROR" if rings else "INFO", f"parked: {fault.detail}", **fields)
        return True, rings

    def _delivered(self, delivery: Delivery, failure: Failure | None) -> bool:
        """Log the end of a delivery, and say when a failed one comes back; True if it may leave the queue."""
        message, log = delivery.message, self._parts.log
        if failure is None:
            log.write("INFO", "delivered", message_id=message.id, attempt=delivery.attempt)
            return True
        last = retries.exhausted(delivery.attempt, attempts=self._attempts)
        log.write(
            "ERROR",
            f"{failure.error} (attempt {delivery.attempt} of {self._attempts})",
            message_id=message.id,
            attempt=delivery.attempt,
            traceback=failure.traceback,
        )
        after = retries.backoff(
            delivery.attempt, chance=self._parts.entropy.chance(), least=failure.after
        )
        try:  # it comes back anyway, only later: when the queue's visibility time-out ends
            self._parts.ports.deliveries.retry(
                self._queue, delivery.receipt, after=after * (not last), error=failure.error
            )
        except OortError as error:
            log.write(
                "WARNING",
                f"The message keeps the queue's visibility time-out: {error}",
                message_id=message.id,
            )
        return False


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
