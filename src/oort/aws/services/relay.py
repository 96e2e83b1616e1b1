"""The relay: it sends what the rows of an outbox say, and takes each row away when it is sent.

The outbox's stream hands it the rows. A row is sent at
least once, since sending and taking away are two requests. Of each key, rows go in their order, and none passes one that
failed.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from oort.aws.client_types import BatchAnswer
from oort.aws.clients import Clients
from oort.aws.dynamodb import outbox
from oort.aws.dynamodb.outbox import Row
from oort.aws.failures import ask
from oort.aws.sqs import batches, queue_urls
from oort.aws.system import MachineClock
from oort.model.errors import OortError
from oort.ports.clock import Clock
from oort.rules.cloud.cloud_names import Location
from oort.rules.cloud.deployed import OutboxTable
from oort.rules.messaging import envelopes
from oort.rules.tables.attributes import Attributes

At = tuple[str, str]


class Relay:
    """The way out of one service's outbox."""

    def __init__(
        self, clients: Clients, *, location: Location, service: str, clock: Clock | None = None
    ) -> None:
        self._clients = clients
        self._location = location
        self._table = location.outbox(service)
        self._doing = f"relaying the messages of {service}"
        self._clock = clock or MachineClock()

    def forward(self, rows: Sequence[Row]) -> frozenset[At]:
        """Send these rows and take them away. Returns the places of those that are still to be sent."""
        waiting = _by_key([row for row in rows if row.kind])
        failed: set[At] = set()
        while waiting:
            heads = [row for key in waiting for row in _next(waiting[key])]
            lost = self._sent(heads)
            for row in heads:
                queue = waiting[row.at[0]]
                queue.remove(row)
                if row.at in lost:
                    failed.add(row.at)
                    if row.key:  # what stands behind it must not pass it
                        failed.update(other.at for other in queue)
                        queue.clear()
            waiting = {key: queue for key, queue in waiting.items() if queue}
        return frozenset(failed)

    def _sent(self, rows: Sequence[Row]) -> frozenset[At]:
        """Send rows that may go in any order; the places of those that failed. Each that went is taken away."""
        lost: set[At] = set()
        for kind, name in dict.fromkeys((row.kind, row.name) for row in rows):
            some = [row for row in rows if (row.kind, row.name) == (kind, name)]
            for batch in batches.cut(some, size=lambda row: envelopes.length(row.text)):
                lost.update(self._batch(kind, name, batch))
        return frozenset(lost)

    def _batch(self, kind: str, name: str, rows: Sequence[Row]) -> set[At]:
        try:
            answer = (
                self._published(name, rows)
                if kind == OutboxTable.PUBLISH
                else self._queued(name, rows)
            )
        except OortError:
            return {
                row.at for row in rows
            }  # the invocation answers with them, and its log says why
        failed = {int(entry["Id"]) for entry in answer.get("Failed", ())}
        return {
            row.at
            for location, row in enumerate(rows)
            if location in failed or not self._taken_away(row)
        }

    def _published(self, event: str, rows: Sequence[Row]) -> BatchAnswer:
        entries = [{"Id": str(location), "Message": row.text} for location, row in enumerate(rows)]
        request = {
            "TopicArn": self._location.topic_arn(event),
            "PublishBatchRequestEntries": entries,
        }
        return ask(self._clients.sns.publish_batch, request, doing=self._doing)

    def _queued(self, queue: str, rows: Sequence[Row]) -> BatchAnswer:
        now = self._clock.now().timestamp()
        entries = [
            {
                "Id": str(location),
                "MessageBody": row.text,
                "DelaySeconds": max(0, math.ceil(row.due - now)),
            }
            for location, row in enumerate(rows)
        ]
        url = queue_urls.queue(self._clients, self._location, queue)
        return ask(
            self._clients.sqs.send_message_batch,
            {"QueueUrl": url, "Entries": entries},
            doing=self._doing,
        )

    def _taken_away(self, row: Row) -> bool:
        """Whether the row is gone. If not, it counts as failed and is sent once more."""
        try:
            ask(
                self._clients.dynamodb.delete_item,
                {"TableName": self._table, "Key": outbox.key(row.at)},
                doing=self._doing,
            )
        except OortError:
            return False
        return True


def rows_of(records: Iterable[Mapping[str, object]]) -> list[Row]:
    """One row for each record of a stream; one of no kind for a record that brings none, such as a removal.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html
    """
    rows: list[Row] = []
    for record in records:
        change = cast(Mapping[str, Attributes], record.get("dynamodb", {}))
        image = change.get(OutboxTable.IMAGE)
        if record.get("eventName") == "REMOVE" or not image:
            rows.append(Row(("", "")))
        else:
            rows.append(outbox.read(image))
    return rows


def _by_key(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """The rows of each key, in their order."""
    found: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row.at):
        found.setdefault(row.at[0], []).append(row)
    return found


def _next(rows: Sequence[Row]) -> list[Row]:
    """Which of a key's rows may be sent together: messages without a key have no order."""
    return list(rows[:1]) if rows[0].key else list(rows)
