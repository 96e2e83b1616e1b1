"""Queues of SQS, with the operations of people and adapters: peek, count, delete, and
move to another queue.
"""

from collections.abc import Callable, Iterable, Sequence

from oort.aws.client_types import FailedEntry, ReceivedAnswer, SqsMessage
from oort.aws.clients import Clients
from oort.aws.failures import Rejected, ask
from oort.aws.sqs import sending
from oort.model import limits
from oort.model.errors import NotUnderstood, Unavailable
from oort.model.messages import Fault, Message
from oort.model.platform import PlatformModel
from oort.rules.cloud.cloud_names import Location
from oort.rules.messaging import envelopes

# While messages are listed or moved, they are hidden from consumers.
_LOOK_SECONDS = 30
# A receive may be empty although the queue is not: SQS asks only some of its servers.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
_EMPTY_RECEIVES = 3
# Error codes for a stale receipt.
_STALE = frozenset({
    "AWS.SimpleQueueService.MessageNotInflight", "InvalidParameterValue", "InvalidReceiptHandle",
    "MessageNotInflight", "ReceiptHandleIsInvalid",
})  # fmt: skip


class SqsQueue:
    """A queue of SQS. `title` is its name in errors."""

    def __init__(self, clients: Clients, url: str, *, title: str) -> None:
        self._clients = clients
        self.url = url
        self.title = title

    def receive(self, **more: int) -> Sequence[SqsMessage]:
        """Receive up to `most` messages with all attributes.

        `more` holds further parameters by their SQS names.
        """
        most = more.pop("most")
        request: dict[str, object] = {
            "QueueUrl": self.url, "MaxNumberOfMessages": most,
            "MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"], **more,
        }  # fmt: skip
        answer: ReceivedAnswer = ask(
            self._clients.sqs.receive_message, request, doing=f"receiving from {self.title}"
        )
        return answer.get("Messages", ())

    def peek(self, *, most: int, expected: int | None = None) -> list[SqsMessage]:
        """Return up to `most` messages, oldest first, and make them visible again at once.

        `expected` is the number of messages that there may be; None to count them.
        """
        messages = self.gather(most=most, expected=self.count() if expected is None else expected)
        for message in messages:
            self.visible_after(message["ReceiptHandle"], 0)
        return sorted(messages, key=sent)

    def gather(self, *, most: int, expected: int) -> list[SqsMessage]:
        """Return up to `most` messages, hidden from consumers for a while.

        `expected` is the number of messages that there may be.
        """
        messages: dict[str, SqsMessage] = {}
        empty_receives = 0
        while len(messages) < min(most, expected) and empty_receives < _EMPTY_RECEIVES:
            count = min(most - len(messages), limits.BATCH)
            fresh = {
                message["MessageId"]: message
                for message in self.receive(most=count, VisibilityTimeout=_LOOK_SECONDS)
            }
            empty_receives = 0 if fresh.keys() - messages.keys() else empty_receives + 1
            messages.update(fresh)
        return list(messages.values())

    def move(
        self, to: "SqsQueue | None", *, ready: Callable[[SqsMessage], bool] = lambda _: True
    ) -> int:
        """Move the `ready` messages to the other queue, or delete them if it is None.

        Return their number. The number of messages at the start is the bound:
        later messages wait.
        """
        moved, remaining = 0, self.count()
        hidden: dict[str, SqsMessage] = {}
        empty_receives = 0
        while remaining > 0 and empty_receives < _EMPTY_RECEIVES:
            messages = self.receive(
                most=min(limits.BATCH, remaining), VisibilityTimeout=_LOOK_SECONDS
            )
            fresh = [message for message in messages if message["MessageId"] not in hidden]
            hidden |= {message["MessageId"]: message for message in messages}
            empty_receives = 0 if fresh else empty_receives + 1
            remaining -= len(fresh)
            for batch in sending.batches(
                [message for message in fresh if ready(message)],
                size=lambda message: len(message["Body"].encode()),
            ):
                self._move_batch(to, batch)
                moved += len(batch)
                for message in batch:
                    del hidden[message["MessageId"]]
        for message in hidden.values():
            self.visible_after(message["ReceiptHandle"], 0)
        return moved

    def delete(self, receipts: Iterable[str], *, doing: str) -> None:
        """Delete the messages with these receipts. A stale receipt has no effect."""
        entries = [
            {"Id": str(position), "ReceiptHandle": receipt}
            for position, receipt in enumerate(receipts)
        ]
        if not entries:
            return
        answer = ask(
            self._clients.sqs.delete_message_batch,
            {"QueueUrl": self.url, "Entries": entries},
            doing=doing,
        )
        failed = [entry for entry in answer.get("Failed", ()) if not _is_stale(entry)]
        if failed:
            reasons = "; ".join(
                sorted({entry.get("Message", entry.get("Code", "")) for entry in failed})
            )
            raise Unavailable(
                f"SQS failed at {len(failed)} of {len(entries)} messages while {doing}: {reasons}.",
                "They come back when their visibility time-out ends.",
            )

    def visible_after(self, receipt: str, seconds: int) -> None:
        """Make a message visible again after some seconds. A stale receipt has no effect."""
        request = {"QueueUrl": self.url, "ReceiptHandle": receipt, "VisibilityTimeout": seconds}
        doing = f"giving back a message of {self.title}"
        try:
            ask(self._clients.sqs.change_message_visibility, request, doing=doing, expect=_STALE)
        except Rejected:
            return  # another consumer has received it, or it is deleted

    def counts(self) -> tuple[int, int]:
        """Return the number of waiting messages, delayed messages included, and
        of messages in flight.
        """
        names = [
            "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed",
            "ApproximateNumberOfMessagesNotVisible",
        ]  # fmt: skip
        answer = ask(
            self._clients.sqs.get_queue_attributes,
            {"QueueUrl": self.url, "AttributeNames": names},
            doing=f"counting the messages of {self.title}",
        )
        visible, delayed, hidden = (
            int(answer.get("Attributes", {}).get(name, "0")) for name in names
        )
        return visible + delayed, hidden

    def count(self) -> int:
        """Return the number of all messages."""
        return sum(self.counts())

    def _move_batch(self, to: "SqsQueue | None", batch: Sequence[SqsMessage]) -> None:
        """Send a batch to the other queue, then delete it here."""
        doing = f"moving messages from {self.title} to {to.title if to else 'nowhere'}"
        failed: set[str] = set()
        if to is not None:
            entries = [
                {"Id": str(position), "MessageBody": message["Body"]}
                for position, message in enumerate(batch)
            ]
            answer = ask(
                self._clients.sqs.send_message_batch,
                {"QueueUrl": to.url, "Entries": entries},
                doing=doing,
            )
            failed = {entry["Id"] for entry in answer.get("Failed", ())}
        self.delete(
            [
                message["ReceiptHandle"]
                for position, message in enumerate(batch)
                if str(position) not in failed
            ],
            doing=doing,
        )
        if failed:
            raise Unavailable(
                f"SQS did not take {len(failed)} messages while {doing}.",
                "Try again; the other messages were moved.",
            )


class SqsQueues:
    """The queues of SQS that belong to a queue of the program.

    A queue that the program does not have is a KeyError.
    """

    def __init__(self, clients: Clients, *, platform: PlatformModel, location: Location) -> None:
        self._clients = clients
        self._names = {queue.name: queue.name for queue in platform.queues}
        self._location = location

    def queue(self, queue: str) -> SqsQueue:
        """Return the queue itself."""
        name = self._names[queue]
        return SqsQueue(
            self._clients,
            sending.queue_url(self._clients, self._location, name),
            title=f"the queue {name}",
        )

    def dead(self, queue: str) -> SqsQueue:
        """Return its dead-letter queue."""
        url = sending.dead_url(self._clients, self._location, self._names[queue])
        return SqsQueue(self._clients, url, title=f"the dead letters of {queue}")

    def parked(self, queue: str) -> SqsQueue:
        """Return the queue with its parked messages."""
        url = sending.parked_url(self._clients, self._location, self._names[queue])
        return SqsQueue(self._clients, url, title=f"the parked messages of {queue}")


def message(received: SqsMessage, queue: str) -> tuple[Message, Fault | None]:
    """Return the message in an SQS message.

    A text that is not an envelope becomes the body of a message, and the fault says why.
    """
    try:
        return envelopes.unwrapped(received["Body"]), None
    except NotUnderstood as error:
        return Message(
            id=received["MessageId"],
            name=queue,
            body=received["Body"].encode(),
            sent=sent(received),
        ), error.fault


def headers(received: SqsMessage) -> tuple[tuple[str, str], ...]:
    """Return the message attributes that are text or numbers. Oort itself sends none."""
    attributes = received.get("MessageAttributes", {})
    return tuple(
        (name, attribute["StringValue"])
        for name, attribute in sorted(attributes.items())
        if "StringValue" in attribute
    )


def sent(received: SqsMessage) -> float:
    """Return the time at which the message was sent, in Unix seconds."""
    return float(received.get("Attributes", {}).get("SentTimestamp", "0")) / 1000


def _is_stale(entry: FailedEntry) -> bool:
    return entry.get("Code", "") in _STALE
