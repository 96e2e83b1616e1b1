"""The Queues port on SQS.

SQS moves a message to the dead letters itself, when it would be handed over once more, and keeps no word about why it
failed: that stands in the function's log and in the trace that the message names.
"""

import math
from collections.abc import Sequence
from datetime import timedelta

from oort.aws.apis import FailedEntry, ReceivedAnswer, SqsMessage
from oort.aws.clients import Clients
from oort.aws.failures import Rejected, ask
from oort.aws.services import addresses, batches
from oort.aws.services.texts import text
from oort.model import limits
from oort.model.errors import Unavailable, Unreadable
from oort.model.messages import DeadLetter, Delivery, Message, QueueDepth
from oort.model.platform import PlatformModel
from oort.rules import envelopes
from oort.rules import messages as rules
from oort.rules.cloudnames import Place

_NOTHING = timedelta(0)
# While dead letters are listed or moved, others do not see them.
_LOOK_SECONDS = 30
# A receive may find nothing although there is something: SQS asks some of its servers only.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
_BLANKS = 3
# A receipt that is no longer good, as the APIs of queues name it.
_STALE = frozenset({
    "AWS.SimpleQueueService.MessageNotInflight", "InvalidParameterValue", "InvalidReceiptHandle", "MessageNotInflight",
    "ReceiptHandleIsInvalid",
})  # fmt: skip


class Queues:
    """Queues of one stage. A queue that the program does not have is a KeyError."""

    def __init__(self, clients: Clients, *, platform: PlatformModel, place: Place) -> None:
        self._clients = clients
        self._queues = {queue.name: queue for queue in platform.queues}
        self._place = place

    def send(self, queue: str, message: Message, *, delay: timedelta = _NOTHING) -> None:
        """See `ports.queues`. SQS counts in whole seconds: the delay is rounded up."""
        url = self._url(queue)
        rules.check(message)
        seconds = math.ceil(rules.delay(delay.total_seconds()).total_seconds())
        request = {"QueueUrl": url, "MessageBody": text(message), **({"DelaySeconds": seconds} if seconds else {})}
        ask(self._clients.sqs.send_message, request, doing=f"sending to the queue {queue}")

    def receive(self, queue: str, *, most: int) -> list[Delivery]:
        """See `ports.queues`. A text that is no envelope is handed over as it is, so that its consumer fails and buries it."""
        url = self._url(queue)
        if most < 1:
            return []
        found = self._received(url, queue, most=min(most, limits.BATCH)).get("Messages", ())
        return [
            Delivery(message=_message(one, queue), receipt=one["ReceiptHandle"], attempt=_attempts(one))
            for one in found
        ]

    def acknowledge(self, queue: str, receipts: Sequence[str]) -> None:
        """See `ports.queues`."""
        url = self._url(queue)
        for batch in batches.cut(receipts):
            self._delete(url, batch, doing=f"acknowledging messages of the queue {queue}")

    def retry(self, queue: str, receipt: str, *, after: timedelta, error: str) -> None:  # noqa: ARG002  SQS keeps no error
        """See `ports.queues`. Whole seconds, rounded up; the error is not kept."""
        seconds = math.ceil(rules.visibility(after).total_seconds())
        self._visible_after(self._url(queue), receipt, seconds, queue)

    def peek(self, queue: str, *, most: int) -> list[Message]:
        """See `ports.queues`. SQS shows nothing without a hand-over: each look counts as an attempt."""
        url = self._url(queue)
        found = self._gathered(url, queue, most=most, expected=most)
        for one in found:
            self._visible_after(url, one["ReceiptHandle"], 0, queue)
        return [_message(one, queue) for one in sorted(found, key=_sent)]

    def dead(self, queue: str, *, most: int) -> list[DeadLetter]:
        """See `ports.queues`. When one died is not known exactly: SQS tells when it was first handed over."""
        model, url = self._queues[queue], self._dead_url(queue)
        found = self._gathered(url, queue, most=most, expected=self._count(url, queue))
        for one in found:
            self._visible_after(url, one["ReceiptHandle"], 0, queue)
        return [
            DeadLetter(
                message=_message(one, queue), queue=queue, attempts=model.attempts, error="", died=_first_received(one)
            )
            for one in sorted(found, key=_sent)
        ]

    def redrive(self, queue: str) -> int:
        """See `ports.queues`. As many as there were at the start; one that dies meanwhile waits for the next time."""
        url, dead = self._url(queue), self._dead_url(queue)
        expected = self._count(dead, queue)
        moved = 0
        while moved < expected:
            found = self._gathered(dead, queue, most=min(limits.BATCH, expected - moved), expected=expected - moved)
            for batch in batches.cut(found, size=lambda one: len(one["Body"].encode())):
                self._moved(url, dead, batch, queue)
            if not found:
                break
            moved += len(found)
        return moved

    def depth(self, queue: str) -> QueueDepth:
        """See `ports.queues`. SQS may take a minute to count right."""
        waiting, in_flight = self._counts(self._url(queue), queue)
        return QueueDepth(
            queue=queue, waiting=waiting, in_flight=in_flight, dead=self._count(self._dead_url(queue), queue)
        )

    def _url(self, queue: str) -> str:
        return addresses.queue(self._clients, self._place, self._queues[queue].name)

    def _dead_url(self, queue: str) -> str:
        return addresses.dead(self._clients, self._place, self._queues[queue].name)

    def _received(self, url: str, queue: str, **more: int) -> ReceivedAnswer:
        most = more.pop("most")
        request: dict[str, object] = {
            "QueueUrl": url, "MaxNumberOfMessages": most, "MessageSystemAttributeNames": ["All"], **more
        }  # fmt: skip
        return ask(self._clients.sqs.receive_message, request, doing=f"receiving from the queue {queue}")

    def _gathered(self, url: str, queue: str, *, most: int, expected: int) -> list[SqsMessage]:
        """Up to `most` messages, hidden for a while from others; `expected` says how many there may be."""
        found: dict[str, SqsMessage] = {}
        blanks = 0
        while len(found) < min(most, expected) and blanks < _BLANKS:
            ask_for = min(most - len(found), limits.BATCH)
            answer = self._received(url, queue, most=ask_for, VisibilityTimeout=_LOOK_SECONDS)
            fresh = {one["MessageId"]: one for one in answer.get("Messages", ())}
            blanks = 0 if fresh.keys() - found.keys() else blanks + 1
            found.update(fresh)
        return list(found.values())

    def _moved(self, url: str, dead: str, batch: Sequence[SqsMessage], queue: str) -> None:
        """Send a batch of dead letters to their queue, and only then take them away."""
        doing = f"moving dead letters back to the queue {queue}"
        entries = [{"Id": str(place), "MessageBody": one["Body"]} for place, one in enumerate(batch)]
        answer = ask(self._clients.sqs.send_message_batch, {"QueueUrl": url, "Entries": entries}, doing=doing)
        lost = {entry["Id"] for entry in answer.get("Failed", ())}
        self._delete(
            dead, [one["ReceiptHandle"] for place, one in enumerate(batch) if str(place) not in lost], doing=doing
        )
        if lost:
            raise Unavailable(
                f"SQS did not take {len(lost)} messages while {doing}.", "Try again; the others are back."
            )

    def _delete(self, url: str, receipts: Sequence[str], *, doing: str) -> None:
        if not receipts:
            return
        entries = [{"Id": str(place), "ReceiptHandle": receipt} for place, receipt in enumerate(receipts)]
        answer = ask(self._clients.sqs.delete_message_batch, {"QueueUrl": url, "Entries": entries}, doing=doing)
        failed = [entry for entry in answer.get("Failed", ()) if not _is_stale(entry)]
        if failed:
            said = "; ".join(sorted({entry.get("Message", entry.get("Code", "")) for entry in failed}))
            raise Unavailable(
                f"SQS failed at {len(failed)} of {len(receipts)} messages while {doing}: {said}.",
                "They come back when their visibility time-out ends.",
            )

    def _visible_after(self, url: str, receipt: str, seconds: int, queue: str) -> None:
        request = {"QueueUrl": url, "ReceiptHandle": receipt, "VisibilityTimeout": seconds}
        try:
            ask(
                self._clients.sqs.change_message_visibility,
                request,
                doing=f"giving back a message of the queue {queue}",
                expect=_STALE,
            )
        except Rejected:
            return  # somebody else has it, or it is gone

    def _counts(self, url: str, queue: str) -> tuple[int, int]:
        """How many messages wait, delayed ones included, and how many are in flight."""
        names = [
            "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible"
        ]  # fmt: skip
        answer = ask(
            self._clients.sqs.get_queue_attributes,
            {"QueueUrl": url, "AttributeNames": names},
            doing=f"counting the messages of the queue {queue}",
        )
        visible, delayed, hidden = (int(answer.get("Attributes", {}).get(name, "0")) for name in names)
        return visible + delayed, hidden

    def _count(self, url: str, queue: str) -> int:
        return sum(self._counts(url, queue))


def _message(found: SqsMessage, queue: str) -> Message:
    try:
        return envelopes.unwrapped(found["Body"])
    except Unreadable:
        return Message(id=found["MessageId"], name=queue, body=found["Body"].encode(), sent=_sent(found))


def _attempts(found: SqsMessage) -> int:
    return int(found.get("Attributes", {}).get("ApproximateReceiveCount", "1"))


def _sent(found: SqsMessage) -> float:
    return float(found.get("Attributes", {}).get("SentTimestamp", "0")) / 1000


def _first_received(found: SqsMessage) -> float:
    return float(found.get("Attributes", {}).get("ApproximateFirstReceiveTimestamp", "0")) / 1000


def _is_stale(entry: FailedEntry) -> bool:
    return entry.get("Code", "") in _STALE
