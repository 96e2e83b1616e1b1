"""Rows of an outbox, written by transactions and read by the relay."""

from dataclasses import dataclass
from datetime import datetime

from oort.model.errors import Unreadable
from oort.model.items import Item
from oort.model.messages import Sealed
from oort.model.operations import PublishEvent, SendMessage
from oort.rules.cloud.cloud_names import outbox_row
from oort.rules.cloud.deployed import OutboxTable
from oort.rules.tables import attributes
from oort.rules.tables.attributes import Attributes


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A message that waits to be sent.

    `kind` is `send` or `publish`; empty for a change that is not a new row. `due` is the Unix time
    from which the message may be visible. Rows with equal `at[0]` have the same key, and are sent
    in the order of `at[1]`.
    """

    at: tuple[str, str]
    kind: str = ""
    name: str = ""
    key: str = ""
    text: str = ""
    due: float = 0.0


def row(write: SendMessage | PublishEvent, sealed: Sealed, *, now: datetime) -> Item:
    """Return the row of a message, as an item that needs only `attributes.attributes`."""
    if isinstance(write, SendMessage):
        kind, name, delay = OutboxTable.SEND, write.queue, write.delay
    else:
        kind, name, delay = OutboxTable.PUBLISH, write.event, 0.0
    return {
        OutboxTable.ROW: outbox_row(kind, name, sealed.message.key),
        OutboxTable.ID: sealed.message.id,
        OutboxTable.MESSAGE: sealed.text,
        OutboxTable.SENT: round(now.timestamp(), 3),
        **({OutboxTable.DELAY: delay} if delay else {}),
    }


def read(stored: Attributes) -> OutboxRow:
    """Return the row with these attributes. Unreadable if they are not a row of the outbox."""
    item = attributes.item(stored)
    at, identifier, message = (item.get(name) for name in (*OutboxTable.KEY, OutboxTable.MESSAGE))
    sent, delay = item.get(OutboxTable.SENT), item.get(OutboxTable.DELAY, 0)
    if not (isinstance(at, str) and isinstance(identifier, str) and isinstance(message, str)):
        raise Unreadable(
            "A row of the outbox lacks row, id or message.", "Only Oort may write there."
        )
    if not (isinstance(sent, int | float) and isinstance(delay, int | float)):
        raise Unreadable(
            f"The row {at} {identifier} of the outbox lacks its time.", "Only Oort may write there."
        )
    kind, name, key = [*at.split("/", 2), "", ""][:3]
    if kind not in {OutboxTable.SEND, OutboxTable.PUBLISH} or not name:
        raise Unreadable(
            f"The row {at} {identifier} of the outbox says neither send nor publish.",
            "Only Oort may write there.",
        )
    return OutboxRow((at, identifier), kind, name, key, message, sent + delay)


def key(at: tuple[str, str]) -> Attributes:
    """Return the key of a row."""
    return {name: {"S": part} for name, part in zip(OutboxTable.KEY, at, strict=True)}
