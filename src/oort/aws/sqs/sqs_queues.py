"""One queue of SQS, and what people and adapters ask of it: look without taking, count, delete, move to another queue."""

from collections.abc import Callable, Iterable, Sequence

from oort.aws.client_types import FailedEntry, ReceivedAnswer, SqsMessage
from oort.aws.clients import Clients
from oort.aws.failures import Rejected, ask
from oort.aws.sqs import batches, queue_urls
from oort.model import limits
from oort.model.errors import NotUnderstood, Unavailable
from oort.model.messages import Fault, Message
from oort.model.platform import PlatformModel
from oort.rules.cloud.cloud_names import Location
from oort.rules.messaging import envelopes

# While messages are listed or moved, others do not see them.
_LOOK_SECONDS = 30
# A receive may find nothing although there is something: SQS asks some of its servers only.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
_BLANKS = 3
# A receipt that is no longer good, as the APIs of queues name it.
_STALE = frozenset({
    "AWS.SimpleQueueService.MessageNotInflight", "InvalidParameterValue", "InvalidReceiptHandle", "MessageNotInflight",
    "ReceiptHandleIsInvalid",
})  # fmt: skip


class Shelf:
    """A queue by its URL; `title` is what errors call it."""

    def __init__(self, clients: Clients, url: str, *, title: str) -> None:
        self._clients = clients
        self.url = url
        self.title = title

    def receive(self, **more: int) -> Sequence[SqsMessage]:
        """Up to `most` messages, with all their attributes; `more` is as SQS calls it."""
        most = more.pop("most")
        request: dict[str, object] = {
            "QueueUrl": self.url, "MaxNumberOfMessages": most, "MessageSystemAttributeNames": ["All"],
            "MessageAttributeNames": ["All"], **more,
        }  # fmt: skip
        answer: ReceivedAnswer = ask(
            self._clients.sqs.receive_message, request, doing=f"receiving from {self.title}"
        )
        return answer.get("Messages", ())

    def look(self, *, most: int, expected: int | None = None) -> list[SqsMessage]:
        """Up to `most` messages, the oldest first, visible again at once. `expected` says how many there may be."""
        found = self.gather(most=most, expected=self.count() if expected is None else expected)
        for one in found:
            self.visible_after(one["ReceiptHandle"], 0)
        return sorted(found, key=sent)

    def gather(self, *, most: int, expected: int) -> list[SqsMessage]:
        """Up to `most` messages, hidden for a while from others; `expected` says how many there may be."""
        found: dict[str, SqsMessage] = {}
        blanks = 0
        while len(found) < min(most, expected) and blanks < _BLANKS:
            asked = min(most - len(found), limits.BATCH)
            fresh = {
                one["MessageId"]: one
                for one in self.receive(most=asked, VisibilityTimeout=_LOOK_SECONDS)
            }
            blanks = 0 if fresh.keys() - found.keys() else blanks + 1
            found.update(fresh)
        return list(found.values())

    def move(
        self, to: "Shelf | None", *, ready: Callable[[SqsMessage], bool] = lambda _: True
    ) -> int:
        """Take those away that are `ready`, as many as there are now, and put them on the other queue, or nowhere; how many
        were. One that comes later waits.
        """
        moved, left = 0, self.count()
        kept: dict[str, SqsMessage] = {}
        blanks = 0
        while left > 0 and blanks < _BLANKS:
            found = self.receive(most=min(limits.BATCH, left), VisibilityTimeout=_LOOK_SECONDS)
            fresh = [one for one in found if one["MessageId"] not in kept]
            kept |= {one["MessageId"]: one for one in found}
            blanks = 0 if fresh else blanks + 1
            left -= len(fresh)
            for batch in batches.cut(
                [one for one in fresh if ready(one)], size=lambda one: len(one["Body"].encode())
            ):
                self._moved(to, batch)
                moved += len(batch)
                for one in batch:
                    del kept[one["MessageId"]]
        for one in kept.values():
            self.visible_after(one["ReceiptHandle"], 0)
        return moved

    def delete(self, receipts: Iterable[str], *, doing: str) -> None:
        """Take these away; a stale receipt does nothing."""
        entries = [
            {"Id": str(location), "ReceiptHandle": receipt}
            for location, receipt in enumerate(receipts)
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
            said = "; ".join(
                sorted({entry.get("Message", entry.get("Code", "")) for entry in failed})
            )
            raise Unavailable(
                f"SQS failed at {len(failed)} of {len(entries)} messages while {doing}: {said}.",
                "They come back when their visibility time-out ends.",
            )

    def visible_after(self, receipt: str, seconds: int) -> None:
        """Show a message again after so many seconds; a stale receipt does nothing."""
        request = {"QueueUrl": self.url, "ReceiptHandle": receipt, "VisibilityTimeout": seconds}
        doing = f"giving back a message of {self.title}"
        try:
            ask(self._clients.sqs.change_message_visibility, request, doing=doing, expect=_STALE)
        except Rejected:
            return  # somebody else has it, or it is gone

    def counts(self) -> tuple[int, int]:
        """How many messages wait, delayed ones included, and how many are in flight."""
        names = [
            "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible"
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
        """How many messages there are."""
        return sum(self.counts())

    def _moved(self, to: "Shelf | None", batch: Sequence[SqsMessage]) -> None:
        """Send a batch to the other queue, and only then take it away here."""
        doing = f"moving messages from {self.title} to {to.title if to else 'nowhere'}"
        lost: set[str] = set()
        if to is not None:
            entries = [
                {"Id": str(location), "MessageBody": one["Body"]}
                for location, one in enumerate(batch)
            ]
            answer = ask(
                self._clients.sqs.send_message_batch,
                {"QueueUrl": to.url, "Entries": entries},
                doing=doing,
            )
            lost = {entry["Id"] for entry in answer.get("Failed", ())}
        self.delete(
            [
                one["ReceiptHandle"]
                for location, one in enumerate(batch)
                if str(location) not in lost
            ],
            doing=doing,
        )
        if lost:
            raise Unavailable(
                f"SQS did not take {len(lost)} messages while {doing}.",
                "Try again; the others are back.",
            )


class Shelves:
    """The queues of SQS that stand for one queue of the model, each of a queue of the program; another is a KeyError."""

    def __init__(self, clients: Clients, *, platform: PlatformModel, location: Location) -> None:
        self._clients = clients
        self._names = {queue.name: queue.name for queue in platform.queues}
        self._location = location

    def own(self, queue: str) -> Shelf:
        """The queue itself."""
        name = self._names[queue]
        return Shelf(
            self._clients,
            queue_urls.queue(self._clients, self._location, name),
            title=f"the queue {name}",
        )

    def dead(self, queue: str) -> Shelf:
        """Its dead letters."""
        url = queue_urls.dead(self._clients, self._location, self._names[queue])
        return Shelf(self._clients, url, title=f"the dead letters of {queue}")

    def parked(self, queue: str) -> Shelf:
        """What its consumer could not read."""
        url = queue_urls.parked(self._clients, self._location, self._names[queue])
        return Shelf(self._clients, url, title=f"the parked messages of {queue}")


def message(found: SqsMessage, queue: str) -> tuple[Message, Fault | None]:
    """The message that SQS carries; what is none, and why, with its text as the body."""
    try:
        return envelopes.unwrapped(found["Body"]), None
    except NotUnderstood as error:
        return Message(
            id=found["MessageId"], name=queue, body=found["Body"].encode(), sent=sent(found)
        ), error.fault


def headers(found: SqsMessage) -> tuple[tuple[str, str], ...]:
    """The message attributes that are text or numbers. Oort itself sends none."""
    given = found.get("MessageAttributes", {})
    return tuple(
        (name, one["StringValue"]) for name, one in sorted(given.items()) if "StringValue" in one
    )


def sent(found: SqsMessage) -> float:
    """When it was sent, in Unix seconds."""
    return float(found.get("Attributes", {}).get("SentTimestamp", "0")) / 1000


def _is_stale(entry: FailedEntry) -> bool:
    return entry.get("Code", "") in _STALE
