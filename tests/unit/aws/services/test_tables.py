"""The Tables adapter where AWS says no, or something else than usual. What it does otherwise, the contract suites show."""

import pytest

from oort.aws.services.tables import Tables
from oort.model import limits
from oort.model.errors import (
    ConditionFailed,
    InvalidUse,
    InvalidValue,
    LimitExceeded,
    NoSuchItem,
    Unavailable,
)
from oort.model.items import AddTo, AppendTo, Change, Equals, Remove, SetTo
from oort.model.operations import DeleteItem, GetItems, PutItem, QueryIndex, ScanTable, UpdateItem
from oort.rules.cloud.cloud_names import Location
from oort.testing.port_suites.target import LINES, NOTES, PLATFORM, READINGS
from tests.unit.aws.answering import Answer, Script, ScriptedClients, refused, retries

FAILED = "ConditionalCheckFailedException"
CONFLICT = "TransactionConflictException"
INVALID = "ValidationException"
ADD = UpdateItem(NOTES, ("a",), (AddTo(("n",), 1),), {"id": "a", "n": 0})
STORED = {"id": {"S": "a"}, "n": {"N": "1"}}


def tables(*answers: Answer) -> tuple[Tables, Script, list[float]]:
    script = Script(*answers)
    without_sleep, pauses = retries()
    location = Location("shop", "test", "aws", "eu-west-1", "1")
    return (
        Tables(
            ScriptedClients(dynamodb=script),
            platform=PLATFORM,
            location=location,
            retries=without_sleep,
        ),
        script,
        pauses,
    )


def test_a_write_waits_for_a_transaction_at_its_item() -> None:
    subject, script, pauses = tables(refused(CONFLICT), refused(CONFLICT), {})
    subject.put(PutItem(NOTES, {"id": "a"}))
    assert (len(script.calls), len(pauses)) == (3, 2)
    subject, script, pauses = tables(refused(CONFLICT))
    with pytest.raises(Unavailable):
        subject.delete(DeleteItem(NOTES, ("a",)))
    assert len(pauses) == 4


def test_each_operation_has_its_own_refusal() -> None:
    for code, error in ((INVALID, InvalidValue), (FAILED, ConditionFailed)):
        subject, _, _ = tables(refused(code))
        with pytest.raises(error):
            subject.put(PutItem(NOTES, {"id": "a"}, if_absent=True))
        with pytest.raises(error):
            subject.delete(DeleteItem(NOTES, ("a",), when=Equals(("n",), 1)))
    subject, _, _ = tables(refused(INVALID, "The provided key element does not match the schema"))
    for read in (
        lambda: subject.get(NOTES, ("a",)),
        lambda: subject.scan(ScanTable(NOTES)),
        lambda: subject.query(QueryIndex(LINES, "own", "l")),
        lambda: subject.get_many(GetItems(NOTES, (("a",), ("b",)))),
    ):
        with pytest.raises(InvalidValue):
            read()


@pytest.mark.parametrize("message", ["Item size to update has exceeded the maximum allowed size",
                                     "Nesting Levels have exceeded supported limits"])  # fmt: skip
def test_what_is_too_large_or_too_deep_is_a_limit(message: str) -> None:
    subject, _, _ = tables(refused(INVALID, message))
    with pytest.raises(LimitExceeded):
        subject.update(ADD)


def test_an_update_creates_what_is_not_there_and_goes_on_if_another_was_faster() -> None:
    subject, script, _ = tables(
        refused(FAILED),
        refused(FAILED, Item=STORED),
        {"Attributes": {"id": {"S": "a"}, "n": {"N": "2"}}},
    )
    assert subject.update(ADD) == {"id": "a", "n": 2}
    conditions = [request["ConditionExpression"] for request in script.requests("update_item")]
    assert [condition.partition("(")[0] for condition in conditions] == [
        "attribute_exists", "attribute_not_exists", "attribute_exists"
    ]  # fmt: skip
    assert script.methods == ["update_item"] * 3  # no other permission is needed


def test_an_update_of_an_item_that_comes_and_goes_ends() -> None:
    subject, script, _ = tables(refused(FAILED), refused(FAILED), refused(FAILED), refused(FAILED))
    with pytest.raises(Unavailable):
        subject.update(ADD)
    assert len(script.calls) == 4


def test_an_update_says_what_failed() -> None:
    subject, _, _ = tables(refused(FAILED))
    with pytest.raises(NoSuchItem):
        subject.update(UpdateItem(NOTES, ("a",), (AddTo(("n",), 1),)))
    subject, _, _ = tables(refused(FAILED, Item=STORED))
    with pytest.raises(ConditionFailed):
        subject.update(UpdateItem(NOTES, ("a",), (AddTo(("n",), 1),), when=Equals(("n",), 7)))


def test_a_sum_with_too_many_digits_is_refused_in_our_words() -> None:
    # https://github.com/scylladb/scylladb/blob/master/test/alternator/test_number.py: 1e50 + 1 on DynamoDB.
    message = (
        "Number overflow. Attempting to store a number with magnitude larger than supported range"
    )
    stored = {"id": {"S": "a"}, "n": {"N": f"1{'0' * 50}"}}
    subject, script, _ = tables(refused(INVALID, message), refused(FAILED, Item=stored))
    with pytest.raises(InvalidValue, match=r"^n would be 10*1, which no table can hold"):
        subject.update(ADD)
    assert script.methods == ["update_item"] * 2


def test_a_sum_with_a_decimal_of_an_earlier_version_is_written_for_that_text_only() -> None:
    stored = {"id": {"S": "a"}, "n": {"S": "1.50"}}
    subject, script, _ = tables(
        refused(INVALID), refused(FAILED, Item=stored), {"Attributes": {"n": {"N": "2.5"}}}
    )
    assert subject.update(UpdateItem(NOTES, ("a",), (AddTo(("n",), 1, texts=True),))) == {"n": 2.5}
    request = script.requests("update_item")[-1]
    assert request["UpdateExpression"] == "SET #0 = :0"
    assert request["ConditionExpression"] == "attribute_exists(#1) AND #0 = :1"
    assert request["ExpressionAttributeValues"] == {":0": {"N": "2.5"}, ":1": {"S": "1.50"}}


def test_an_update_that_does_not_fit_looks_at_the_item_without_reading_it() -> None:
    subject, script, _ = tables(
        refused(INVALID), refused(FAILED, Item={"id": {"S": "a"}, "n": {"S": "text"}})
    )
    with pytest.raises(InvalidValue, match="n is not a number"):
        subject.update(ADD)
    assert script.methods == ["update_item"] * 2
    null = {"id": {"S": "a"}, "n": {"NULL": True}}
    subject, script, _ = tables(
        refused(INVALID), refused(FAILED, Item=null), {"Attributes": STORED}
    )
    assert subject.update(ADD) == {"id": "a", "n": 1}
    assert "attribute_type" in script.requests("update_item")[2]["ConditionExpression"]


def test_an_update_that_does_not_fit_for_no_reason_of_ours_is_refused() -> None:
    looks: list[Answer] = [refused(FAILED, Item=STORED), refused(FAILED), {}]
    for look in looks:
        subject, _, _ = tables(refused(INVALID, "Something else"), look)
        with pytest.raises(InvalidValue, match="Something else"):
            subject.update(ADD)
    subject, _, _ = tables(refused(FAILED), refused(INVALID, "Something else"))
    with pytest.raises(InvalidValue, match="Something else"):
        subject.update(ADD)


def test_an_initial_item_of_another_key_is_refused() -> None:
    subject, _, _ = tables(refused(FAILED))
    with pytest.raises(InvalidValue, match="cannot change the key"):
        subject.update(UpdateItem(NOTES, ("a",), (SetTo(("n",), 1),), {"id": "b"}))


def test_many_items_are_read_in_halves_when_they_are_too_many_bytes() -> None:
    one = {"Responses": [{"Item": STORED}]}
    both = {"Responses": [{}, {"Item": STORED}]}
    subject, script, _ = tables(refused(INVALID, "more than 4 MB"), one, both)
    found = subject.get_many(GetItems(NOTES, (("a",), ("b",), ("c",), ("a",))))
    assert found.items == [{"id": "a", "n": 1}] * 2
    assert [len(request["TransactItems"]) for request in script.requests("transact_get_items")] == [
        3,
        1,
        2,
    ]
    assert subject.get_many(GetItems(NOTES, ())).items == []


def test_many_items_wait_for_transactions() -> None:
    busy = refused(
        "TransactionCanceledException", "Transaction cancelled [TransactionConflict, None]"
    )
    subject, _, pauses = tables(busy, {"Responses": [{}]})
    assert subject.get_many(GetItems(NOTES, (("a",),))).items == []
    assert len(pauses) == 1
    subject, _, _ = tables(busy)
    with pytest.raises(Unavailable):
        subject.get_many(GetItems(NOTES, (("a",),)))


def reading(value: int) -> dict[str, dict[str, str]]:
    return {"sensor": {"S": "s"}, "value": {"N": str(value)}}


def test_a_query_reads_on_when_all_it_read_was_the_open_end() -> None:
    first = {"Items": [reading(9)], "LastEvaluatedKey": reading(9)}
    second = {"Items": [reading(8), reading(7)]}
    subject, script, _ = tables(first, second)
    query = QueryIndex(READINGS, "own", "s", at_least=1, below=9, reverse=True, limit=5)
    page = subject.query(query)
    assert ([item["value"] for item in page.items], page.next) == ([8, 7], None)
    assert script.requests("query")[1]["ExclusiveStartKey"] == reading(9)


def test_a_page_that_dynamodb_ends_at_a_megabyte_goes_on() -> None:
    subject, script, _ = tables(
        {"Items": [reading(1)], "LastEvaluatedKey": reading(1)}, {"Items": []}
    )
    page = subject.query(QueryIndex(READINGS, "own", "s", limit=5))
    assert len(page.items) == 1
    assert page.next is not None
    assert len(script.calls) == 1
    last = subject.query(QueryIndex(READINGS, "own", "s", limit=5, after=page.next))
    assert (last.items, last.next) == ([], None)


def test_many_keys_have_a_limit() -> None:
    subject, script, _ = tables({})
    with pytest.raises(LimitExceeded):
        subject.get_many(GetItems(NOTES, tuple((str(n),) for n in range(limits.BATCH_GET + 1))))
    assert script.calls == []


def test_what_can_be_refused_without_dynamodb_is_not_sent() -> None:
    subject, script, _ = tables({})
    lines = ("l", "a")
    refusals: tuple[tuple[tuple[Change, ...], type[Exception]], ...] = (
        ((SetTo(("tag",), ""),), InvalidValue),
        ((SetTo(("owner",), "x" * (limits.PARTITION_KEY_BYTES + 1)),), InvalidValue),
        ((SetTo(("rank",), 10**40 + 1),), InvalidValue),
        ((AppendTo(("log",), [float("nan")]),), InvalidValue),
        ((AddTo(("n",), float("inf")),), InvalidValue),
        ((SetTo(("~rank",), 1),), InvalidValue),
        ((SetTo(("line",), "b"),), InvalidValue),
        ((Remove(("list",)),), InvalidValue),
        ((Remove(("n",)), SetTo(("n", "m"), 1)), InvalidUse),
    )
    for changes, error in refusals:
        with pytest.raises(error):
            subject.update(UpdateItem(LINES, lines, changes))
    assert subject.query(QueryIndex(LINES, "own", "l", at_least="b", below="b")).items == []
    assert script.calls == []


def test_what_changes_nothing_of_the_key_is_left_out() -> None:
    subject, script, _ = tables({"Attributes": {"list": {"S": "l"}, "line": {"S": "a"}}})
    subject.update(UpdateItem(LINES, ("l", "a"), (SetTo(("line",), "a"), SetTo(("rank",), 1))))
    (request,) = script.requests("update_item")
    assert set(request["ExpressionAttributeNames"].values()) == {"rank", "~rank", "list"}


def test_an_item_that_is_there_is_read() -> None:
    subject, script, _ = tables({"Item": STORED}, {})
    assert subject.get(NOTES, ("a",)) == {"id": "a", "n": 1}
    assert subject.get(NOTES, ("a",)) is None
    assert script.requests("get_item")[0]["ConsistentRead"] is True


@pytest.mark.parametrize("text", [True, False])
def test_a_null_deep_inside_counts_as_missing_and_text_does_not(text: bool) -> None:
    deep = {"M": {"n": {"S": "x"} if text else {"NULL": True}}}
    item = {"id": {"S": "a"}, "deep": deep}
    subject, script, _ = tables(refused(INVALID), refused(FAILED, Item=item), {"Attributes": item})
    update = UpdateItem(
        NOTES,
        ("a",),
        (AddTo(("deep", "n"), 1), AddTo(("other",), 1), AppendTo(("deep", "log"), [1])),
    )
    if text:
        with pytest.raises(InvalidValue):
            subject.update(update)
        return
    subject.update(update)
    assert len(script.calls) == 3
