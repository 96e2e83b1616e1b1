"""The rows of an outbox: what a transaction writes, and what the relay reads of them."""

from dataclasses import dataclass
from datetime import datetime

from oort.aws.sqs.message_text import text
from oort.model.errors import Unreadable
from oort.model.operations import PublishEvent, SendMessage
from oort.rules.cloud.cloud_names import outbox_row
from oort.rules.tables import attributes
from oort.rules.tables.attributes import Attributes

KEY = ("row", "id")


@dataclass(frozen=True, slots=True)
class Row:
    """A message that waits to be sent. `kind` is `send` or `publish`; empty for a change that is no new row.

    `due` is when it may be visible, in Unix seconds. Rows of one `at[0]` have one key, and go in the order of `at[1]`.
    """

    at: tuple[str, str]
    kind: str = ""
    name: str = ""
    key: str = ""
    text: str = ""
    due: float = 0.0


def written(write: SendMessage | PublishEvent, *, now: datetime) -> Attributes:
    """The attributes of the row of a message."""
    if isinstance(write, SendMessage):
        kind, name, delay = "send", write.queue, write.delay
    else:
        kind, name, delay = "publish", write.event, 0.0
    return attributes.attributes(
        {
            "row": outbox_row(kind, name, write.message.key),
            "id": write.message.id,
            "message": text(write.message),
            "sent": round(now.timestamp(), 3),
            **({"delay": delay} if delay else {}),
        },
        indexed=frozenset(),
    )


def read(found: Attributes) -> Row:
    """The row of such attributes. Unreadable if it is none."""
    item = attributes.item(found)
    row, identifier, message = item.get("row"), item.get("id"), item.get("message")
    sent, delay = item.get("sent"), item.get("delay", 0)
    if not (isinstance(row, str) and isinstance(identifier, str) and isinstance(message, str)):
        raise Unreadable(
            "A row of the outbox lacks row, id or message.", "Only Oort may write there."
        )
    if not (isinstance(sent, int | float) and isinstance(delay, int | float)):
        raise Unreadable(
            f"The row {row} {identifier} of the outbox lacks its time.",
            "Only Oort may write there.",
        )
    kind, name, key = [*row.split("/", 2), "", ""][:3]
    if kind not in {"send", "publish"} or not name:
        raise Unreadable(
            f"The row {row} {identifier} of the outbox says neither send nor publish.",
            "Only Oort may write there.",
        )
    return Row((row, identifier), kind, name, key, message, sent + delay)


def key(at: tuple[str, str]) -> Attributes:
    """The key of a row."""
    return {name: {"S": part} for name, part in zip(KEY, at, strict=True)}
