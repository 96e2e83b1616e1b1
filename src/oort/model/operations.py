"""Every handle operation as one serialisable request, and its result. This is the whole language of the broker port."""

from typing import TypeAlias

import msgspec

from oort.model.items import Change, Condition, Item, Key, KeyPart
from oort.model.messages import Message


class GetItem(msgspec.Struct, frozen=True, tag="get"):
    """Read one item, strongly consistent."""

    table: str
    key: Key


class GetItems(msgspec.Struct, frozen=True, tag="get_many"):
    """Read many items of one table, each strongly consistent. The answer lists those that are there, in the order asked."""

    table: str
    keys: tuple[Key, ...]


class PutItem(msgspec.Struct, frozen=True, tag="put"):
    """Write one item, whole."""

    table: str
    item: Item
    if_absent: bool = False
    when: Condition | None = None


class UpdateItem(msgspec.Struct, frozen=True, tag="update"):
    """Change attributes of one item; `initial` stands in for an absent one."""

    table: str
    key: Key
    changes: tuple[Change, ...]
    initial: Item | None = None
    when: Condition | None = None


class DeleteItem(msgspec.Struct, frozen=True, tag="delete"):
    """Remove one item; removing an absent one succeeds unless a condition says otherwise."""

    table: str
    key: Key
    when: Condition | None = None


class CheckItem(msgspec.Struct, frozen=True, tag="check"):
    """Only inside a transaction: the condition must hold for an item that is not written."""

    table: str
    key: Key
    when: Condition


class QueryIndex(msgspec.Struct, frozen=True, tag="query"):
    """Items of one partition of an index, in sort order. `at_least` is included, `below` is not.

    `where` leaves out items after they were read: `limit` counts what was read, as on DynamoDB.
    """

    table: str
    index: str
    partition: KeyPart
    at_least: KeyPart | None = None
    below: KeyPart | None = None
    reverse: bool = False
    limit: int = 100
    after: str | None = None
    starts_with: str | None = None
    where: Condition | None = None


class ScanTable(msgspec.Struct, frozen=True, tag="scan"):
    """Every item, in no order that means anything. `where` is as in a query."""

    table: str
    limit: int = 100
    after: str | None = None
    where: Condition | None = None


class SendMessage(msgspec.Struct, frozen=True, tag="send"):
    """Put a message on a work queue, visible after `delay` seconds."""

    queue: str
    message: Message
    delay: float = 0.0


class PublishEvent(msgspec.Struct, frozen=True, tag="publish"):
    """Give an event to every subscriber."""

    event: str
    message: Message


class CallFunction(msgspec.Struct, frozen=True, tag="call"):
    """Ask the function that answers the call, and wait. The body is JSON."""

    call: str
    body: bytes
    traceparent: str = ""


Write: TypeAlias = PutItem | UpdateItem | DeleteItem | CheckItem | SendMessage | PublishEvent


class Mark(msgspec.Struct, frozen=True):
    """The inbox mark of a delivery: this function has applied this message."""

    function: str
    message: str


class Commit(msgspec.Struct, frozen=True, tag="commit"):
    """All writes or none. With a `mark` that is there already, nothing is written and `applied` is false."""

    writes: tuple[Write, ...]
    mark: Mark | None = None


class Lease(msgspec.Struct, frozen=True):
    """The right to carry out one external effect: of this function, for this message, under this name.

    `holder` is new each time that somebody asks for it.
    """

    function: str
    message: str
    name: str
    holder: str


class ClaimEffect(msgspec.Struct, frozen=True, tag="once"):
    """Take the lease for so many seconds, unless the effect has happened or another holder's has not ended."""

    lease: Lease
    seconds: float


class FinishEffect(msgspec.Struct, frozen=True, tag="finish"):
    """The effect has happened. `result` is JSON; empty if it could not be kept."""

    lease: Lease
    result: bytes


class ReleaseEffect(msgspec.Struct, frozen=True, tag="release"):
    """The effect has not happened: whoever comes next may try."""

    lease: Lease


Operation: TypeAlias = (
    GetItem
    | GetItems
    | PutItem
    | UpdateItem
    | DeleteItem
    | CheckItem
    | QueryIndex
    | ScanTable
    | SendMessage
    | PublishEvent
    | Commit
    | CallFunction
    | ClaimEffect
    | FinishEffect
    | ReleaseEffect
)


class Request(msgspec.Struct, frozen=True):
    """One operation with the token of the invocation that asks for it."""

    token: str
    operation: Operation


class Found(msgspec.Struct, frozen=True, tag="found"):
    """The item that was read, or as it is after an update."""

    item: Item | None


class Listed(msgspec.Struct, frozen=True, tag="listed"):
    """A page of items; `next` is the cursor of the page after it, None on the last one."""

    items: list[Item]
    next: str | None


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The operation took effect and is durable. `applied` is false when an inbox mark said it had done so before."""

    applied: bool = True


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The operation had no effect. `code` is the error's code; `position` says which write of a commit.

    Before `after` seconds have passed it would be refused again.
    """

    code: str
    detail: str
    position: int = 0
    after: float = 0.0


class Answered(msgspec.Struct, frozen=True, tag="answered"):
    """What a call was answered with, as JSON."""

    body: bytes


class Objected(msgspec.Struct, frozen=True, tag="objected"):
    """The answering handler raised a problem of this kind; `members` is a JSON object."""

    status: int
    kind: str
    detail: str
    members: bytes = b"{}"


class Happened(msgspec.Struct, frozen=True, tag="happened"):
    """The effect has happened before, and this was its result."""

    result: bytes


Result: TypeAlias = Found | Listed | Done | Answered | Objected | Happened | Refused
