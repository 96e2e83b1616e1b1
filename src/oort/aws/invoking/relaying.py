"""The relay of a service in Lambda: the outbox's stream delivers the rows that transactions wrote,
and the relay sends their messages.
"""

from collections.abc import Mapping, Sequence
from typing import TypedDict, cast

from oort.aws.dynamodb.outbox import OutboxRow
from oort.aws.invoking.logs import JsonLog
from oort.aws.invoking.parts import Remaining, unlimited
from oort.aws.services.relay import Relay, rows_of
from oort.model.errors import InvalidUse, Unreadable
from oort.ports.clock import Clock


class _Change(TypedDict):
    SequenceNumber: str


class _Record(TypedDict):
    dynamodb: _Change


class RelayHandler:
    """Answers the invocations of a relay with a partial batch response.

    Lambda repeats the batch from the first failed record on, so a later message that was sent is
    sent twice. Its row is deleted by then, and its consumers know its id.
    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
    """

    def __init__(self, relay: Relay, *, log: JsonLog, clock: Clock) -> None:
        self._relay = relay
        self._log = log
        self._clock = clock

    def answer(self, event: Mapping[str, object], _: Remaining = unlimited) -> object:
        """Send the messages of the event's records."""
        records = event.get("Records")
        if not isinstance(records, list):
            raise InvalidUse(
                "The relay was invoked with an event that is not a stream event.",
                "Let its event source mapping invoke it.",
            )
        started = self._clock.tick()
        rows = [self._row(record) for record in cast(Sequence[Mapping[str, object]], records)]
        failed = set(self._relay.forward(rows))
        took = (self._clock.tick() - started) / 1e6
        message = f"{len(rows) - len(failed)} relayed, {len(failed)} failed"
        self._log.invocation(message, failed=len(failed), milliseconds=took, batch=len(rows))
        return {
            "batchItemFailures": [
                {"itemIdentifier": number} for number in _numbers(records, rows, failed)
            ]
        }

    def _row(self, record: Mapping[str, object]) -> OutboxRow:
        """The row of a record.

        An unreadable row stays in the table, is logged, and does not block other rows.
        """
        try:
            (row,) = rows_of([record])
        except Unreadable as error:
            self._log.write("ERROR", str(error))
            return OutboxRow(("", ""))
        return row


def _numbers(
    records: Sequence[object], rows: Sequence[OutboxRow], failed: set[tuple[str, str]]
) -> list[str]:
    """Sequence numbers of the records whose rows were not sent."""
    numbers = [cast(_Record, record)["dynamodb"]["SequenceNumber"] for record in records]
    return [number for number, row in zip(numbers, rows, strict=True) if row.at in failed]
