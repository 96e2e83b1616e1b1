"""A batch of messages: Lambda's poller receives messages from a queue and deletes
those that did not fail.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TypedDict, cast

from oort.aws.invoking.logs import Field
from oort.aws.invoking.parts import Event, Parts, Remaining, unlimited
from oort.model.errors import NotUnderstood
from oort.model.functions import Consumed
from oort.model.invocations import BatchInvocation, Failure, Parked
from oort.model.messages import Delivery, Fault, Message
from oort.rules import identifiers
from oort.rules.messaging import envelopes, retries
from oort.runtime import invoke
from oort.runtime.parking import Alarms


class RecordEvent(TypedDict):
    """A message of a batch, as Lambda's poller delivers it.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """

    messageId: str
    receiptHandle: str
    body: str
    attributes: Mapping[str, str]
    messageAttributes: Mapping[str, Mapping[str, str]]


class Batches:
    """Answers the batches of a consumer.

    A failed message comes back after its own back-off, not after the queue's visibility time-out.
    """

    def __init__(self, parts: Parts, trigger: Consumed) -> None:
        self._parts = parts
        self._queue = trigger.queue
        self._attempts = next(
            queue.attempts for queue in parts.platform.queues if queue.name == trigger.queue
        )
        self._environment = parts.environment()
        self._alarms = Alarms(parts.ports.transactions)

    def answer(self, event: Event, remaining: Remaining = unlimited) -> object:
        """Return the partial batch response of an invocation."""
        if "Records" not in event:
            raise self._parts.unreadable()
        return self._answer(cast(Sequence[RecordEvent], event["Records"]), remaining())

    def _answer(self, records: Sequence[RecordEvent], lasts: float) -> object:
        parts, started = self._parts, self._parts.clock.tick()
        deliveries = tuple(_delivery(record, queue=self._queue) for record in records)
        with parts.invocation({delivery.message.id for delivery in deliveries}) as token:
            invocation = BatchInvocation(id=token, token=token, deliveries=deliveries, lasts=lasts)
            outcome = invoke.batch(self._environment, invocation)
        parts.ports.traces.record(outcome.spans)
        failures = {failure.receipt: failure for failure in outcome.failures}
        faults = {parked.receipt: parked for parked in outcome.parked}
        failed, rang = set[str](), 0
        for delivery in deliveries:
            parts.log.trace = (identifiers.parent_of(delivery.message.traceparent) or ("", ""))[0]
            if delivery.receipt in outcome.left:
                is_done = self._give_back(delivery)
            elif parked := faults.get(delivery.receipt):
                is_done, rings = self._park(delivery, parked)
                rang += rings
            else:
                is_done = self._settle(delivery, failures.get(delivery.receipt))
            if not is_done:
                failed.add(delivery.receipt)
        parts.log.trace = ""
        counts = f"{len(deliveries)} delivered, {len(failed)} failed, {len(outcome.parked)} parked"
        summary = f"{self._queue}: {counts}"
        parts.ended(summary, started, failed=len(failed), rang=rang, batch=len(deliveries))
        messages = [record["messageId"] for record in records if record["receiptHandle"] in failed]
        return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in messages]}

    def _give_back(self, delivery: Delivery) -> bool:
        """Let a message that was not begun come back at once. Its receipt counts on SQS.

        Return False: the message stays on its queue.
        """
        log, message = self._parts.log, delivery.message
        log.write("WARNING", "not begun: the invocation has no time left", message_id=message.id)
        self._come_back(delivery, timedelta(0), error="not begun")
        return False

    def _come_back(self, delivery: Delivery, after: timedelta, *, error: str) -> None:
        try:  # without this it comes back later, when the visibility time-out ends
            self._parts.ports.deliveries.retry(
                self._queue, delivery.receipt, after=after, error=error
            )
        except Exception as failed:
            self._parts.log.write(
                "WARNING",
                f"The message keeps the queue's visibility time-out: {failed}",
                message_id=delivery.message.id,
            )

    def _park(self, delivery: Delivery, end: Parked) -> tuple[bool, bool]:
        """Park the message. Return two flags: off the queue, and rings an alarm.

        The first message of its event and version is logged as an error, so that alarms can count
        errors; later messages are logged as information.
        """
        parts, message, fault = self._parts, delivery.message, end.fault
        fields: dict[str, Field] = {
            "message_id": message.id, "event": message.name, "version": message.version,
            "reason": fault.reason.value,
        }  # fmt: skip
        try:
            parts.ports.deliveries.keep(self._queue, delivery, fault)
        except Exception as error:  # the message comes back, and becomes a dead letter in the end
            parts.log.write("ERROR", f"A message could not be parked: {error}", **fields)
            return False, False
        rings = self._alarms.rings(parts.function.model.name, message)
        parts.log.write("ERROR" if rings else "INFO", f"parked: {fault.detail}", **fields)
        return True, rings

    def _settle(self, delivery: Delivery, failure: Failure | None) -> bool:
        """Log the end of a delivery, and set the time at which a failed message comes back.

        True if the message may leave the queue.
        """
        message, log = delivery.message, self._parts.log
        if failure is None:
            log.write("INFO", "delivered", message_id=message.id, attempt=delivery.attempt)
            return True
        last = retries.exhausted(delivery.attempt, attempts=self._attempts)
        log.write(
            "ERROR" if last else "WARNING",
            f"{failure.error} (attempt {delivery.attempt} of {self._attempts})",
            message_id=message.id,
            attempt=delivery.attempt,
            traceback=failure.traceback,
        )
        after = retries.backoff(
            delivery.attempt, chance=self._parts.entropy.chance(), least=failure.after
        )
        self._come_back(delivery, after * (not last), error=failure.error)
        return False


def _delivery(record: RecordEvent, *, queue: str) -> Delivery:
    """The delivery of a record.

    A text that is not an envelope gets a fault, so that it is parked unchanged.
    """
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
    attributes = record.get("messageAttributes", {})
    return tuple(
        (name, attribute["stringValue"])
        for name, attribute in sorted(attributes.items())
        if "stringValue" in attribute
    )
