"""The Parking adapter: what is sent beside a parked message, and what is made of what others put there."""

import json

from oort.aws.services.parking import Parking
from oort.model.messages import Delivery, Fault, Reason
from oort.rules.messaging import envelopes
from oort.testing.port_suites.target import PLATFORM, WORK, message
from tests.contracts.sqs_observation import PolledDeliveries
from tests.unit.aws.answering import Answer, Script, ScriptedClients
from tests.unit.aws.services.test_queues import PLACE, URL, counted, handed

FAULT = Fault(Reason.MALFORMED, "no\x00 JSON\n at all")


def parking(*answers: Answer) -> tuple[Parking, Script]:
    script = Script(*answers)
    return Parking(ScriptedClients(sqs=script), platform=PLATFORM, location=PLACE), script


def deliveries(*answers: Answer) -> tuple[PolledDeliveries, Script]:
    script = Script(*answers)
    return PolledDeliveries(ScriptedClients(sqs=script), platform=PLATFORM, location=PLACE), script


def with_attributes(found: dict[str, object], **attributes: str) -> dict[str, object]:
    given = {
        name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
    }
    return {**found, "MessageAttributes": given}


def test_what_came_is_sent_to_the_character_with_the_reason_and_then_taken_away() -> None:
    subject, script = deliveries({}, {})
    delivery = Delivery(
        message=message("1"), receipt="r", attempt=1, raw="gar bage", headers=(("by", "me"),)
    )
    subject.park(WORK, delivery, FAULT)
    (sent,) = script.requests("send_message")
    assert (sent["QueueUrl"], sent["MessageBody"]) == (f"{URL}_parked", "gar bage")
    told = {name: one["StringValue"] for name, one in sent["MessageAttributes"].items()}
    assert told == {"reason": "malformed", "detail": "no  JSON  at all", "headers": '{"by":"me"}'}
    (gone,) = script.requests("delete_message_batch")
    assert (gone["QueueUrl"], gone["Entries"][0]["ReceiptHandle"]) == (URL, "r")


def test_the_poller_of_lambda_deletes_what_is_kept() -> None:
    subject, script = deliveries({})
    subject.keep(
        WORK, Delivery(message=message("1"), receipt="r", attempt=1), Fault(Reason.MISFIT, "")
    )
    (sent,) = script.requests("send_message")
    assert sent["MessageBody"] == envelopes.wrapped(message("1"))
    assert sent["MessageAttributes"]["detail"]["StringValue"] == "-"
    assert "headers" not in sent["MessageAttributes"]
    assert script.requests("delete_message_batch") == []


def test_what_is_parked_is_listed_with_what_came() -> None:
    first = with_attributes(
        handed("a", SentTimestamp="2000"),
        reason="unknown-version",
        detail="9",
        headers=json.dumps({"by": "me"}),
    )
    strange = with_attributes(handed("b", body="x", SentTimestamp="1000"), reason="because")
    subject, _ = parking(counted(2), {"Messages": [first, strange]}, {}, {})
    other, found = subject.parked(WORK, most=10)
    assert (found.id, found.fault, found.parked) == ("a", Fault(Reason.UNKNOWN_VERSION, "9"), 2.0)
    assert (found.message, found.headers) == (message("a"), (("by", "me"),))
    assert (other.raw, other.fault.reason, other.headers) == ("x", Reason.MALFORMED, ())
    assert other.message.body == b"x"


def test_only_what_is_chosen_moves_or_goes() -> None:
    messages = {"Messages": [handed("a", receipt="ra"), handed("b", receipt="rb")]}
    subject, script = parking(counted(2), messages, {}, {}, {})
    assert subject.release(WORK, ready=lambda one: one.message.id == "a") == 1
    (sent,) = script.requests("send_message_batch")
    assert (sent["QueueUrl"], len(sent["Entries"])) == (URL, 1)
    (shown,) = script.requests("change_message_visibility")
    assert (shown["ReceiptHandle"], shown["VisibilityTimeout"]) == ("rb", 0)
    subject, script = parking(counted(2), messages, {}, {})
    assert subject.discard(WORK, chosen=lambda one: one.message.id == "b") == 1
    (gone,) = script.requests("delete_message_batch")
    assert [entry["ReceiptHandle"] for entry in gone["Entries"]] == ["rb"]
    assert script.requests("send_message_batch") == []


def test_nothing_to_move_asks_for_a_count_only() -> None:
    subject, script = parking(counted(0))
    assert subject.release(WORK, ready=lambda _: True) == 0
    assert script.requests("receive_message") == []
