"""The relay keeps the order of each key, sends in batches, and answers with what is still to be sent."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from oort.aws.dynamodb import outbox
from oort.aws.dynamodb.outbox import OutboxRow
from oort.aws.services.relay import Relay, rows_of
from oort.aws.sqs import sending
from oort.engine.clocks import VirtualClock
from oort.model.errors import Unreadable
from oort.model.items import Item
from oort.model.operations import PublishEvent, SendMessage
from oort.rules.cloud.cloud_names import Location
from oort.rules.cloud.deployed import OutboxTable
from oort.rules.messaging import envelopes
from oort.rules.tables import attributes
from oort.rules.tables.attributes import Attributes
from oort.testing.port_suites.target import HAPPENED, WORK, message
from tests.contracts.sqs_observation import sweep
from tests.unit.aws.answering import Answer, Script, ScriptedClients, refused

LOCATION = Location("shop", "test", "aws", "eu-west-1", "1")
FAILURE: Answer = {"Failed": [{"Id": "0", "Code": "InternalError"}]}


class Bench:
    """A relay on scripts."""

    def __init__(
        self, *, sns: Script | None = None, sqs: Script | None = None, table: Script | None = None
    ) -> None:
        self.sns, self.sqs, self.table = sns or Script({}), sqs or Script({}), table or Script({})
        self.clock = VirtualClock()
        self.clients = ScriptedClients(sns=self.sns, sqs=self.sqs, dynamodb=self.table)
        self.relay = Relay(self.clients, location=LOCATION, service="suite", clock=self.clock)

    def published(self) -> list[list[str]]:
        return [
            [entry["Message"] for entry in request["PublishBatchRequestEntries"]]
            for request in self.sns.requests("publish_batch")
        ]


def event(id: str, key: str = "k") -> OutboxRow:
    return OutboxRow((f"publish/{HAPPENED}/{key}", id), "publish", HAPPENED, key, f"{key}{id}")


def work(id: str, *, key: str = "", due: float = 0.0) -> OutboxRow:
    return OutboxRow((f"send/{WORK}/{key}", id), "send", WORK, key, id, due)


def test_rows_of_one_key_go_one_after_the_other_and_keys_beside_each_other() -> None:
    bench = Bench()
    rows = [event("2", "a"), event("1", "a"), event("1", "b"), event("3", "a")]
    assert bench.relay.forward(rows) == frozenset()
    assert bench.published() == [["a1", "b1"], ["a2"], ["a3"]]
    assert bench.table.methods == ["delete_item"] * 4


def test_messages_without_a_key_go_together_ten_at_a_time() -> None:
    bench = Bench()
    assert bench.relay.forward([work(f"{number:02}") for number in range(12)]) == frozenset()
    assert [len(request["Entries"]) for request in bench.sqs.requests("send_message_batch")] == [
        10,
        2,
    ]


def test_nothing_passes_a_row_of_its_key_that_failed() -> None:
    bench = Bench(sns=Script(FAILURE, {}))
    failed = bench.relay.forward([event("1", "a"), event("2", "a"), event("1", "b")])
    assert failed == {event("1", "a").at, event("2", "a").at}
    assert [
        request["Key"][OutboxTable.ROW]["S"] for request in bench.table.requests("delete_item")
    ] == [f"publish/{HAPPENED}/b"]
    assert len(bench.published()) == 1


def test_without_a_key_others_go_on() -> None:
    bench = Bench(sqs=Script(FAILURE, {}))
    assert bench.relay.forward([work("1"), work("2")]) == {work("1").at}
    assert len(bench.table.calls) == 1


def test_a_destination_that_refuses_fails_its_rows_only() -> None:
    bench = Bench(sns=Script(refused("NotFound", "Topic does not exist")))
    assert bench.relay.forward([event("1"), work("1")]) == {event("1").at}


def test_a_row_that_cannot_be_taken_away_is_sent_again() -> None:
    bench = Bench(table=Script(refused("ThrottlingException")))
    assert bench.relay.forward([event("1", "a"), event("2", "a")]) == {
        event("1", "a").at,
        event("2", "a").at,
    }


def test_a_delay_counts_from_the_commit() -> None:
    bench = Bench()
    now = bench.clock.now().timestamp()
    bench.relay.forward([work("1", due=now + 2.5), work("2", due=now - 5)])
    (request,) = bench.sqs.requests("send_message_batch")
    assert [entry["DelaySeconds"] for entry in request["Entries"]] == [3, 0]
    assert request["QueueUrl"] == "https://sqs.example/1/shop_test_suite_work"


def stored(id: str) -> Attributes:
    return written(SendMessage(WORK, message(id), delay=3.0))


def written(write: SendMessage | PublishEvent) -> Attributes:
    row = outbox.row(write, sending.sealed(write.message), now=datetime(2026, 1, 1, tzinfo=UTC))
    return attributes.attributes(row, indexed=frozenset())


def test_a_row_is_read_as_it_was_written() -> None:
    row = outbox.read(stored("1"))
    assert (row.at, row.kind, row.name, row.key) == (("send/suite.work/k", "1"), "send", WORK, "k")
    assert row.due == datetime(2026, 1, 1, 0, 0, 3, tzinfo=UTC).timestamp()
    published = PublishEvent(HAPPENED, message("2", key="a/b"))
    assert outbox.read(written(published)).key == "a/b"


def test_a_row_that_the_release_before_wrote_is_read_and_sent_on() -> None:
    """Literally what stood in a table then. The text that it carries is delivered to the character."""
    text = (
        '{"specversion":"1.0","id":"1","source":"/suite","type":"suite.work",'
        '"time":"1970-01-01T00:00:01.500000Z","partitionkey":"k","data":{"n":"\\ufffe"}}'
    )
    row: Attributes = {
        "row": {"S": "send/suite.work/k"}, "id": {"S": "1"}, "message": {"S": text},
        "sent": {"N": "1767225600"}, "delay": {"N": "2.5"},
    }  # fmt: skip
    bench = Bench()
    assert bench.relay.forward([outbox.read(row)]) == frozenset()
    (request,) = bench.sqs.requests("send_message_batch")
    assert [entry["MessageBody"] for entry in request["Entries"]] == [text]
    carried = envelopes.unwrapped(text)
    assert (carried.body, carried.checked) == (b'{"n":"\\ufffe"}', False)
    assert (
        written(SendMessage(WORK, replace(carried, body='{"n":"\ufffe"}'.encode()), delay=2.5))
        == row
    )


def test_a_sweep_reads_every_page() -> None:
    pages = Script(
        {"Items": [stored("1")], "LastEvaluatedKey": {OutboxTable.ROW: {"S": "x"}}},
        {},
        {"Items": [stored("2")]},
        {},
    )
    bench = Bench(table=pages)
    assert sweep(bench.relay, bench.clients, table="outbox") == 2
    assert bench.table.methods == ["scan", "delete_item", "scan", "delete_item"]
    assert bench.table.requests("scan")[1]["ExclusiveStartKey"] == {OutboxTable.ROW: {"S": "x"}}


def test_a_stream_gives_one_row_for_each_record() -> None:
    records = [
        {
            "eventName": "INSERT",
            "dynamodb": {OutboxTable.IMAGE: stored("1"), "SequenceNumber": "1"},
        },
        {"eventName": "REMOVE", "dynamodb": {"OldImage": stored("1"), "SequenceNumber": "2"}},
    ]
    rows = rows_of(records)
    assert [row.kind for row in rows] == [OutboxTable.SEND, ""]
    bench = Bench()
    assert bench.relay.forward(rows) == frozenset()
    assert len(bench.sqs.calls) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {OutboxTable.ID: 1},
        {OutboxTable.MESSAGE: None},
        {OutboxTable.SENT: "x"},
        {OutboxTable.DELAY: "x"},
        {OutboxTable.ROW: "else/suite.work/k"},
        {OutboxTable.ROW: f"{OutboxTable.SEND}//k"},
    ],
)
def test_what_is_no_row_is_unreadable(changed: Item) -> None:
    item = {**attributes.item(stored("1")), **changed}
    with pytest.raises(Unreadable):
        outbox.read(attributes.attributes(item, indexed=frozenset()))
