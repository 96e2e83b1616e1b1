"""The Queues adapter where SQS fails in part, or hands over what nobody wrote."""

from datetime import timedelta

import pytest

from oort.aws.services.events import Events
from oort.aws.services.queues import Queues
from oort.model import limits
from oort.model.errors import LimitExceeded, Unavailable
from oort.model.messages import Message
from oort.rules.cloud.cloud_names import Location
from oort.rules.messaging import envelopes
from oort.testing.port_suites.target import HAPPENED, PLATFORM, WORK, filling, message
from tests.contracts.sqs_observation import PolledDeliveries, SqsInspection
from tests.unit.aws.answering import Answer, Script, ScriptedClients, refused

PLACE = Location("shop", "test", "aws", "eu-west-1", "1")
URL = "https://sqs.example/1/shop_test_suite_work"


class Subject:
    """The queues of SQS, from all three sides."""

    def __init__(self, script: Script) -> None:
        clients = ScriptedClients(sqs=script)
        self.queues = Queues(clients, platform=PLATFORM, location=PLACE)
        self.deliveries = PolledDeliveries(clients, platform=PLATFORM, location=PLACE)
        self.inspection = SqsInspection(clients, platform=PLATFORM, location=PLACE)


def queues(*answers: Answer) -> tuple[Subject, Script]:
    script = Script(*answers)
    return Subject(script), script


def handed(id: str, *, body: str = "", receipt: str = "r", **attributes: str) -> dict[str, object]:
    text = body or envelopes.wrapped(message(id))
    return {"MessageId": id, "ReceiptHandle": receipt, "Body": text, "Attributes": attributes}


def counted(waiting: int, hidden: int = 0) -> Answer:
    return {"Attributes": {
        "ApproximateNumberOfMessages": str(waiting), "ApproximateNumberOfMessagesNotVisible": str(hidden)
    }}  # fmt: skip


def test_delays_and_times_to_come_back_are_whole_seconds_rounded_up() -> None:
    subject, script = queues({})
    subject.queues.send(WORK, message("1"), delay=timedelta(seconds=1.2))
    subject.queues.send(WORK, message("1"))
    subject.deliveries.retry(WORK, "r", after=timedelta(milliseconds=1), error="")
    sent, at_once = script.requests("send_message")
    assert (sent["QueueUrl"], sent["DelaySeconds"]) == (URL, 2)
    assert "DelaySeconds" not in at_once  # a queue may have a delay of its own
    assert script.requests("change_message_visibility")[0]["VisibilityTimeout"] == 1


def test_a_text_that_is_no_envelope_is_handed_over_as_it_is() -> None:
    subject, _ = queues(
        {"Messages": [handed("m", body="hello", SentTimestamp="1500", ApproximateReceiveCount="4")]}
    )
    (delivery,) = subject.deliveries.receive(WORK, most=1)
    assert delivery.message == Message(id="m", name=WORK, body=b"hello", sent=1.5)
    assert delivery.attempt == 4


def test_what_is_looked_at_is_given_back() -> None:
    subject, script = queues({"Messages": [handed("a", receipt="ra")]}, {})
    assert [found.id for found in subject.inspection.peek(WORK, most=1)] == ["a"]
    (request,) = script.requests("change_message_visibility")
    assert (request["ReceiptHandle"], request["VisibilityTimeout"]) == ("ra", 0)
    subject, script = queues({})
    assert subject.deliveries.receive(WORK, most=0) == []
    assert script.calls == []


def test_a_receipt_that_is_no_longer_good_is_no_error() -> None:
    for code in ("ReceiptHandleIsInvalid", "InvalidParameterValue", "MessageNotInflight"):
        subject, _ = queues(refused(code))
        subject.deliveries.retry(WORK, "r", after=timedelta(0), error="")
        subject, _ = queues({"Failed": [{"Id": "0", "Code": code, "SenderFault": True}]})
        subject.deliveries.acknowledge(WORK, ["r"])


def test_an_acknowledgement_that_fails_is_an_error() -> None:
    subject, script = queues(
        {}, {"Failed": [{"Id": "1", "Code": "InternalError", "Message": "oops"}]}
    )
    with pytest.raises(Unavailable, match=r"1 of 2 messages.*oops"):
        subject.deliveries.acknowledge(WORK, [f"r{number}" for number in range(12)])
    assert [len(request["Entries"]) for request in script.requests("delete_message_batch")] == [
        10,
        2,
    ]


def test_dead_letters_are_looked_for_as_long_as_there_may_be_some() -> None:
    first = {
        "Messages": [handed("b", SentTimestamp="2000", ApproximateFirstReceiveTimestamp="9000")]
    }
    second = {"Messages": [handed("b", SentTimestamp="2000"), handed("a", SentTimestamp="1000")]}
    subject, script = queues(counted(2), {}, first, second)
    found = subject.inspection.dead(WORK, most=10)
    assert [letter.message.id for letter in found] == ["a", "b"]
    assert {letter.attempts for letter in found} == {3}
    assert script.methods.count("change_message_visibility") == 2
    subject, script = queues(counted(5), {})
    assert subject.inspection.dead(WORK, most=10) == []
    assert script.methods == [
        "get_queue_attributes",
        "receive_message",
        "receive_message",
        "receive_message",
    ]


def test_redrive_takes_away_only_what_was_sent() -> None:
    two = {"Messages": [handed("a", receipt="ra"), handed("b", receipt="rb")]}
    subject, script = queues(
        counted(2), two, {"Failed": [{"Id": "0", "Code": "InternalError"}]}, {}
    )
    with pytest.raises(Unavailable, match="1 messages"):
        subject.inspection.redrive(WORK)
    (deleted,) = script.requests("delete_message_batch")
    assert deleted["QueueUrl"] == f"{URL}_dead"
    assert [entry["ReceiptHandle"] for entry in deleted["Entries"]] == ["rb"]


def test_redrive_takes_away_nothing_if_nothing_was_sent() -> None:
    subject, script = queues(counted(1), {"Messages": [handed("a")]}, {"Failed": [{"Id": "0"}]})
    with pytest.raises(Unavailable):
        subject.inspection.redrive(WORK)
    assert "delete_message_batch" not in script.methods


def test_redrive_ends_when_nothing_more_is_found() -> None:
    subject, script = queues(counted(3), {"Messages": [handed("a")]}, {}, {}, {}, {}, {}, {})
    assert subject.inspection.redrive(WORK) == 1
    assert len(script.calls) < 12


def test_depth_adds_what_is_delayed() -> None:
    attributes = {"ApproximateNumberOfMessages": "3", "ApproximateNumberOfMessagesDelayed": "2"}
    subject, _ = queues({"Attributes": attributes}, counted(1, hidden=1))
    depth = subject.inspection.depth(WORK)
    assert (depth.waiting, depth.in_flight, depth.dead) == (5, 0, 2)


def test_a_batch_has_at_most_256_kib() -> None:
    large = envelopes.wrapped(filling("1", size=limits.MESSAGE_BYTES - 10))
    found = [handed(str(number), body=large) for number in range(3)]
    subject, script = queues(counted(3), {"Messages": found}, {})
    assert subject.inspection.redrive(WORK) == 3
    assert [len(request["Entries"]) for request in script.requests("send_message_batch")] == [
        1,
        1,
        1,
    ]


def test_an_event_that_is_too_large_is_not_published() -> None:
    script = Script({})
    events = Events(ScriptedClients(sns=script), platform=PLATFORM, location=PLACE)
    with pytest.raises(LimitExceeded):
        events.publish(HAPPENED, filling("1", name=HAPPENED, size=limits.MESSAGE_BYTES + 1))
    events.publish(HAPPENED, message("1", name=HAPPENED, body='"\uffff"'.encode()))
    ((_, request),) = script.calls
    assert request["TopicArn"] == "arn:aws:sns:eu-west-1:1:shop_test_suite_happened"
    assert "\\uffff" in request["Message"]
