"""The relay: it sends the messages of an outbox, and deletes each row after its message is sent.

The outbox's stream delivers the rows. A message is sent at least once, since sending and deleting
are two requests. Rows with the same key are sent in their order: no row passes a row that failed.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from oort.aws.client_types import BatchAnswer
from oort.aws.clients import Clients
from oort.aws.dynamodb import outbox
from oort.aws.dynamodb.outbox import OutboxRow
from oort.aws.failures import ask
from oort.aws.sqs import sending
from oort.model.errors import OortError
from oort.ports.clock import Clock
from oort.rules.cloud.cloud_names import Location
from oort.rules.cloud.deployed import OutboxTable
from oort.rules.messaging import envelopes
from oort.rules.tables.attributes import Attributes
from oort.runtime.system import SystemClock

At = tuple[str, str]


class Relay:
    """The relay of a service's outbox."""

    def __init__(
        self, clients: Clients, *, location: Location, service: str, clock: Clock | None = None
    ) -> None:
        self._clients = clients
        self._location = location
        self._table = location.outbox(service)
        self._doing = f"relaying the messages of {service}"
        self._clock = clock or SystemClock()

    def forward(self, rows: Sequence[OutboxRow]) -> frozenset[At]:
        """Send the messages of these rows and delete the rows.

        Returns the addresses of the rows that must be sent again.
        """
        waiting = _by_key([row for row in rows if row.kind])
        failed: set[At] = set()
        while waiting:
            heads = [row for key in waiting for row in _next(waiting[key])]
            unsent = self._send(heads)
            for row in heads:
                queue = waiting[row.at[0]]
                queue.remove(row)
                if row.at in unsent:
                    failed.add(row.at)
                    if row.key:  # later rows of this key must not pass it
                        failed.update(later.at for later in queue)
                        queue.clear()
            waiting = {key: queue for key, queue in waiting.items() if queue}
        return frozenset(failed)

    def _send(self, rows: Sequence[OutboxRow]) -> frozenset[At]:
        """Send rows in any order and delete each sent row. Return the
        addresses of the failed rows.
        """
        unsent: set[At] = set()
        for kind, name in dict.fromkeys((row.kind, row.name) for row in rows):
            alike = [row for row in rows if (row.kind, row.name) == (kind, name)]
            for batch in sending.batches(alike, size=lambda row: envelopes.length(row.text)):
                unsent.update(self._batch(kind, name, batch))
        return frozenset(unsent)

    def _batch(self, kind: str, name: str, rows: Sequence[OutboxRow]) -> set[At]:
        try:
            answer = (
                self._publish_batch(name, rows)
                if kind == OutboxTable.PUBLISH
                else self._send_batch(name, rows)
            )
        except OortError:
            # The invocation reports these rows, and its log has the error.
            return {row.at for row in rows}
        failed = {int(entry["Id"]) for entry in answer.get("Failed", ())}
        return {
            row.at
            for position, row in enumerate(rows)
            if position in failed or not self._delete(row)
        }

    def _publish_batch(self, event: str, rows: Sequence[OutboxRow]) -> BatchAnswer:
        entries = [{"Id": str(position), "Message": row.text} for position, row in enumerate(rows)]
        request = {
            "TopicArn": self._location.topic_arn(event),
            "PublishBatchRequestEntries": entries,
        }
        return ask(self._clients.sns.publish_batch, request, doing=self._doing)

    def _send_batch(self, queue: str, rows: Sequence[OutboxRow]) -> BatchAnswer:
        now = self._clock.now().timestamp()
        entries = [
            {
                "Id": str(position),
                "MessageBody": row.text,
                "DelaySeconds": max(0, math.ceil(row.due - now)),
            }
            for position, row in enumerate(rows)
        ]
        url = sending.queue_url(self._clients, self._location, queue)
        return ask(
            self._clients.sqs.send_message_batch,
            {"QueueUrl": url, "Entries": entries},
            doing=self._doing,
        )

    def _delete(self, row: OutboxRow) -> bool:
        """Delete the row; False if that failed. The row then counts as failed and is sent again."""
        try:
            ask(
                self._clients.dynamodb.delete_item,
                {"TableName": self._table, "Key": outbox.key(row.at)},
                doing=self._doing,
            )
        except OortError:
            return False
        return True


def rows_of(records: Iterable[Mapping[str, object]]) -> list[OutboxRow]:
    """Return a row for each record of a stream.

    The row has no kind if the record holds no new row, such as the record of a removal.
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html
    """
    rows: list[OutboxRow] = []
    for record in records:
        change = cast(Mapping[str, Attributes], record.get("dynamodb", {}))
        image = change.get(OutboxTable.IMAGE)
        if record.get("eventName") == "REMOVE" or not image:
            rows.append(OutboxRow(("", "")))
        else:
            rows.append(outbox.read(image))
    return rows


def _by_key(rows: Iterable[OutboxRow]) -> dict[str, list[OutboxRow]]:
    by_key: dict[str, list[OutboxRow]] = {}
    for row in sorted(rows, key=lambda row: row.at):
        by_key.setdefault(row.at[0], []).append(row)
    return by_key


def _next(rows: Sequence[OutboxRow]) -> list[OutboxRow]:
    """Rows of a key that may be sent together: messages without a key have no order."""
    return list(rows[:1]) if rows[0].key else list(rows)
