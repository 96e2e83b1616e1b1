"""Every handle operation as a serialisable request, with its result.

They are the language of the broker port. Each operation but `Commit` names its `kind`, its
`resource` and its `action`: the permission for the operation.
"""

from typing import ClassVar, TypeAlias

import msgspec

from oort.model.items import Change, Condition, Item, Key, KeyPart
from oort.model.messages import Message
from oort.model.resources import Kind


class _OnTable(msgspec.Struct, frozen=True):
    kind: ClassVar[Kind] = Kind.TABLE

    table: str

    @property
    def resource(self) -> str:
        """The table."""
        return self.table


class GetItem(_OnTable, frozen=True, tag="get"):
    """Read one item, strongly consistent."""

    action: ClassVar[str] = "get"

    key: Key


class GetItems(_OnTable, frozen=True, tag="get_many"):
    """Read many items of a table, each strongly consistent.

    The answer has the existing items, in the order of `keys`.
    """

    action: ClassVar[str] = "get"

    keys: tuple[Key, ...]


class PutItem(_OnTable, frozen=True, tag="put"):
    """Write a complete item."""

    action: ClassVar[str] = "put"

    item: Item
    if_absent: bool = False
    when: Condition | None = None


class UpdateItem(_OnTable, frozen=True, tag="update"):
    """Change attributes of one item; `initial` stands in for an absent item."""

    action: ClassVar[str] = "update"

    key: Key
    changes: tuple[Change, ...]
    initial: Item | None = None
    when: Condition | None = None


class DeleteItem(_OnTable, frozen=True, tag="delete"):
    """Remove one item. The removal of an absent item succeeds, unless a condition fails."""

    action: ClassVar[str] = "delete"

    key: Key
    when: Condition | None = None


class CheckItem(_OnTable, frozen=True, tag="check"):
    """Check a condition of an item that is not written. Only inside a transaction."""

    action: ClassVar[str] = "check"

    key: Key
    when: Condition


class QueryIndex(_OnTable, frozen=True, tag="query"):
    """Items of one partition of an index, in sort order.

    `at_least` is inclusive, `below` is exclusive.

    `where` filters items after the read: `limit` counts the items before the filter, as on
    DynamoDB.
    """

    action: ClassVar[str] = "query"

    index: str
    partition: KeyPart
    at_least: KeyPart | None = None
    below: KeyPart | None = None
    reverse: bool = False
    limit: int = 100
    after: str | None = None
    starts_with: str | None = None
    where: Condition | None = None


class ScanTable(_OnTable, frozen=True, tag="scan"):
    """Every item, in no particular order. `where` is as in a query."""

    action: ClassVar[str] = "scan"

    limit: int = 100
    after: str | None = None
    where: Condition | None = None


class SendMessage(msgspec.Struct, frozen=True, tag="send"):
    """Put a message on a work queue, visible after `delay` seconds."""

    kind: ClassVar[Kind] = Kind.QUEUE
    action: ClassVar[str] = "send"

    queue: str
    message: Message
    delay: float = 0.0

    @property
    def resource(self) -> str:
        """The queue."""
        return self.queue


class PublishEvent(msgspec.Struct, frozen=True, tag="publish"):
    """Give an event to every subscriber."""

    kind: ClassVar[Kind] = Kind.EVENT
    action: ClassVar[str] = "publish"

    event: str
    message: Message

    @property
    def resource(self) -> str:
        """The event."""
        return self.event


class CallFunction(msgspec.Struct, frozen=True, tag="call"):
    """Invoke the function that answers the call, and wait. The body is JSON."""

    kind: ClassVar[Kind] = Kind.CALL
    action: ClassVar[str] = "call"

    call: str
    body: bytes
    traceparent: str = ""

    @property
    def resource(self) -> str:
        """The call."""
        return self.call


Write: TypeAlias = PutItem | UpdateItem | DeleteItem | CheckItem | SendMessage | PublishEvent
WRITES = (PutItem, UpdateItem, DeleteItem, SendMessage, PublishEvent)  # that can stand alone


class Mark(msgspec.Struct, frozen=True):
    """The inbox mark of a delivery: this function has applied this message."""

    function: str
    message: str


class Commit(msgspec.Struct, frozen=True, tag="commit"):
    """Commit all writes or none.

    With an existing `mark`, no write happens and `applied` is false.
    """

    writes: tuple[Write, ...]
    mark: Mark | None = None


class Lease(msgspec.Struct, frozen=True):
    """The right to carry out an external effect of a function, for a message, under a name.

    `holder` is new for each request of the right.
    """

    function: str
    message: str
    name: str
    holder: str


class _OnEffect(msgspec.Struct, frozen=True):
    kind: ClassVar[Kind] = Kind.EFFECT
    action: ClassVar[str] = "once"

    lease: Lease

    @property
    def resource(self) -> str:
        """The function of the effect."""
        return self.lease.function


class ClaimEffect(_OnEffect, frozen=True, tag="once"):
    """Take the lease for `seconds`, unless the effect has happened or another holder has it."""

    seconds: float


class FinishEffect(_OnEffect, frozen=True, tag="finish"):
    """Record that the effect has happened. `result` is JSON; empty if no result could be kept."""

    result: bytes


class ReleaseEffect(_OnEffect, frozen=True, tag="release"):
    """End the lease of an effect that has not happened. The next holder may try."""


class ReadSecret(msgspec.Struct, frozen=True, tag="read"):
    """Read the value of a secret."""

    kind: ClassVar[Kind] = Kind.SECRET
    action: ClassVar[str] = "read"

    secret: str

    @property
    def resource(self) -> str:
        """The secret."""
        return self.secret


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
    | ReadSecret
)


class Request(msgspec.Struct, frozen=True):
    """An operation with the token of the invocation that requests it."""

    token: str
    operation: Operation


class Found(msgspec.Struct, frozen=True, tag="found"):
    """The item of a read, or the new item after an update."""

    item: Item | None


class Listed(msgspec.Struct, frozen=True, tag="listed"):
    """A page of items; `next` is the cursor of the next page, None on the last page."""

    items: list[Item]
    next: str | None


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The operation took effect and is durable.

    `applied` is false if an inbox mark existed before.
    """

    applied: bool = True


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The operation had no effect.

    `code` is the error's code; `position` is the index of the commit's write.

    Retries before `after` seconds would be refused again.
    """

    code: str
    detail: str
    position: int = 0
    after: float = 0.0


class Answered(msgspec.Struct, frozen=True, tag="answered"):
    """The answer of a call, as JSON."""

    body: bytes


class Objected(msgspec.Struct, frozen=True, tag="objected"):
    """A problem of this kind, raised by the answering handler; `members` is a JSON object."""

    status: int
    kind: str
    detail: str
    members: bytes = b"{}"


class Happened(msgspec.Struct, frozen=True, tag="happened"):
    """The effect has happened before, with this result."""

    result: bytes


class Revealed(msgspec.Struct, frozen=True, tag="revealed"):
    """The value of a secret. Nothing that prints it shows the value."""

    value: str

    def __repr__(self) -> str:
        return "Revealed(value=…)"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("value", ...)]


Result: TypeAlias = Found | Listed | Done | Answered | Objected | Happened | Revealed | Refused
