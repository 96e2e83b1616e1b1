"""The Transactions adapter where DynamoDB cancels: what is tried again, what is raised, and what wins."""

from collections.abc import Mapping
from typing import Any

import pytest

from oort.aws.services.transactions import Transactions
from oort.model.errors import (
    ConditionFailed,
    InvalidUse,
    InvalidValue,
    LimitExceeded,
    NoSuchItem,
    Unavailable,
)
from oort.model.items import AddTo, Equals
from oort.model.operations import (
    CheckItem,
    DeleteItem,
    Mark,
    PublishEvent,
    PutItem,
    SendMessage,
    UpdateItem,
    Write,
)
from oort.rules.cloud.cloud_names import Location
from oort.rules.cloud.deployed import InboxTable, OutboxTable
from oort.runtime.system import SystemClock
from oort.testing.port_suites.target import HAPPENED, NOTES, PLATFORM, WORK, message
from tests.unit.aws.answering import Answer, Script, ScriptedClients, refused, retries

MARK = Mark("suite.function", "message-1")
PUT = PutItem(NOTES, {"id": "p"})
ADD = UpdateItem(NOTES, ("a",), (AddTo(("n",), 1),), {"id": "a", "n": 0})
FAILED = {"Code": "ConditionalCheckFailed"}
NONE = {"Code": "None"}
MISFIT = {
    "Code": "ValidationError",
    "Message": "An operand in the update expression has an incorrect data type",
}


def cancelled(*reasons: Mapping[str, object]) -> Exception:
    return refused("TransactionCanceledException", CancellationReasons=list(reasons))


def transactions(*answers: Answer) -> tuple[Transactions, Script, list[float]]:
    script = Script(*answers)
    without_sleep, pauses = retries()
    location = Location("shop", "test", "aws", "eu-west-1", "1")
    subject = Transactions(
        ScriptedClients(dynamodb=script),
        platform=PLATFORM,
        location=location,
        service="suite",
        clock=SystemClock(),
        retries=without_sleep,
    )
    return subject, script, pauses


def items(script: Script, turn: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = script.requests("transact_write_items")[turn]["TransactItems"]
    return found


def test_nothing_to_write_asks_nobody() -> None:
    subject, script, _ = transactions({})
    assert subject.commit([], None) is True
    assert script.calls == []
    assert subject.commit([], MARK) is True
    assert len(script.calls) == 1


def test_each_write_is_one_action_in_its_place() -> None:
    subject, script, _ = transactions({})
    writes: list[Write] = [
        PUT,
        SendMessage(WORK, message("1"), delay=2.5),
        ADD,
        DeleteItem(NOTES, ("d",)),
        CheckItem(NOTES, ("c",), Equals(("n",), 1)),
        PublishEvent(HAPPENED, message("2", name=HAPPENED, key="k/1")),
    ]
    assert subject.commit(writes, MARK) is True
    found = items(script)
    assert [next(iter(item)) for item in found] == [
        "Put",
        "Put",
        "Update",
        "Delete",
        "ConditionCheck",
        "Put",
        "Put",
    ]
    sent, published, mark = found[1]["Put"], found[5]["Put"], found[6]["Put"]
    assert sent["TableName"] == published["TableName"] == "shop_test_suite__outbox"
    assert [sent["Item"][name] for name in OutboxTable.KEY] == [
        {"S": "send/suite.work/k"},
        {"S": "1"},
    ]
    assert sent["Item"]["delay"] == {"N": "2.5"}
    assert published["Item"][OutboxTable.ROW] == {"S": "publish/suite.happened/k/1"}
    assert "delay" not in published["Item"]
    assert mark["TableName"] == "shop_test_suite__inbox"
    assert mark["Item"]["id"] == {"S": "suite.function/message-1"}
    assert float(mark["Item"][InboxTable.EXPIRES]["N"]).is_integer()


def test_a_mark_wins_over_everything_else() -> None:
    subject, _, _ = transactions(cancelled(FAILED, {"Code": "TransactionConflict"}, FAILED))
    assert subject.commit([PUT, ADD], MARK) is False


@pytest.mark.parametrize(
    "code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]
)
def test_a_busy_item_is_waited_for_and_in_the_end_given_up(code: str) -> None:
    subject, script, pauses = transactions(cancelled({"Code": code}), {})
    assert subject.commit([PUT], None) is True
    assert (len(script.calls), len(pauses)) == (2, 1)
    subject, _, pauses = transactions(cancelled({"Code": code}))
    with pytest.raises(Unavailable):
        subject.commit([PUT], None)
    assert len(pauses) == 4


@pytest.mark.parametrize(
    "error",
    [
        refused("TransactionInProgressException"),
        refused("TransactionCanceledException", "no reasons"),
    ],
)
def test_a_cancellation_without_reasons_is_tried_again(error: Exception) -> None:
    subject, _, pauses = transactions(error, {})
    assert subject.commit([PUT, ADD], MARK) is True
    assert len(pauses) == 1


def test_the_first_failure_that_counts_is_named() -> None:
    subject, _, _ = transactions(cancelled(FAILED, NONE, FAILED, FAILED))
    with pytest.raises(ConditionFailed) as raised:
        subject.commit(
            [
                ADD,
                PUT,
                DeleteItem(NOTES, ("d",), when=Equals(("n",), 1)),
                PutItem(NOTES, {"id": "q"}),
            ],
            None,
        )
    assert raised.value.position == 2
    subject, _, _ = transactions(cancelled(NONE, FAILED))
    with pytest.raises(NoSuchItem) as missing:
        subject.commit([PUT, UpdateItem(NOTES, ("a",), (AddTo(("n",), 1),))], None)
    assert missing.value.position == 1


def test_an_update_is_tried_as_its_item_is() -> None:
    there = {**FAILED, "Item": {"id": {"S": "a"}, "n": {"N": "1"}}}
    subject, script, pauses = transactions(cancelled(FAILED), cancelled(there), {})
    assert subject.commit([ADD], None) is True
    asked = [
        items(script, turn)[0]["Update"]["ConditionExpression"].partition("(")[0]
        for turn in range(3)
    ]
    assert asked == ["attribute_exists", "attribute_not_exists", "attribute_exists"]
    assert pauses == []


def test_an_update_that_does_not_fit_is_looked_at() -> None:
    text = refused("ConditionalCheckFailedException", Item={"id": {"S": "a"}, "n": {"S": "x"}})
    null = refused("ConditionalCheckFailedException", Item={"id": {"S": "a"}, "n": {"NULL": True}})
    for first in (cancelled(MISFIT), refused("ValidationException")):
        subject, _, _ = transactions(first, text)
        with pytest.raises(InvalidValue, match="n is not a number"):
            subject.commit([ADD], None)
        subject, script, _ = transactions(first, null, {})
        assert subject.commit([ADD], None) is True
        assert script.methods == ["transact_write_items", "update_item", "transact_write_items"]
        fine = refused("ConditionalCheckFailedException", Item={"id": {"S": "a"}})
        subject, _, _ = transactions(first, fine)
        with pytest.raises(InvalidValue, match="does not take this"):
            subject.commit([ADD], None)


def test_what_dynamodb_does_not_take_is_raised() -> None:
    large = "Item size to update has exceeded the maximum allowed size"
    subject, _, _ = transactions(cancelled({"Code": "ValidationError", "Message": large}))
    with pytest.raises(LimitExceeded):
        subject.commit([ADD], None)
    subject, _, _ = transactions(
        refused("ValidationException", "Transaction request size exceeds 4 MB")
    )
    with pytest.raises(LimitExceeded):
        subject.commit([ADD], None)
    subject, _, _ = transactions(cancelled(MISFIT))
    with pytest.raises(InvalidValue):
        subject.commit([PUT], None)


def test_two_messages_of_one_id_and_key_are_one_row() -> None:
    subject, script, _ = transactions({})
    with pytest.raises(InvalidUse):
        subject.commit([SendMessage(WORK, message("1")), SendMessage(WORK, message("1"))], None)
    assert script.calls == []
