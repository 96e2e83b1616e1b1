"""Grants as IAM statements: each action, each kind of trigger, and what the relay of a service may do."""

from datetime import timedelta

import pytest

from oort.model.errors import InvalidProgram
from oort.model.functions import (
    Answer,
    FunctionModel,
    Grant,
    Http,
    Subscription,
    Timer,
    Trigger,
    Worker,
)
from oort.model.platform import PlatformModel, ServiceModel
from oort.model.resources import IndexModel, Kind
from oort.rules.cloud.cloud_names import Location
from oort.rules.grants.calls import answering
from oort.rules.grants.roles import UNSCOPED, granted, outgoing, relaying
from oort.rules.grants.statement import IamCondition, Statement
from tests.unit.programs import function, table

LOCATION = Location("p", "s", partition="aws", region="here", account="1")
PAGE = Http("GET", "/shop", 200, True, ())
BY_PRICE = IndexModel("by_price", "price", None, primary=False)
OWN = IndexModel("own", "id", "at", primary=True)
TABLES = (
    table("shop.plain"),
    table("shop.both", BY_PRICE, OWN),
    table("shop.second", BY_PRICE),
    table("shop.own", OWN),
)
ARN = "arn:aws:{}:here:1:{}"
SOME_ROW = IamCondition("Null", "dynamodb:LeadingKeys", ("false",))


def given(*grants: Grant, trigger: Trigger = PAGE) -> list[Statement]:
    """What these grants give, besides logs and traces."""
    one = function("shop.handler", trigger, *grants)
    answer = function("bank.pay_out", Answer("bank.pay", timedelta(seconds=1)))
    platform = PlatformModel(
        "p",
        (
            ServiceModel(name="shop", resources=TABLES, functions=(one,)),
            ServiceModel(name="bank", functions=(answer,)),
        ),
    )
    found = granted(one, platform=platform, location=LOCATION, key="the-key")
    assert [statement.name for statement in found[:2]] == ["Log", "Trace"]
    return list(found[2:])


def rows(*patterns: str) -> tuple[IamCondition, ...]:
    return (IamCondition("ForAllValues:StringLike", "dynamodb:LeadingKeys", patterns), SOME_ROW)


def test_without_a_grant_there_are_logs_and_traces() -> None:
    assert given() == []
    one = function("shop.handler", PAGE)
    log, trace = granted(one, platform=PlatformModel("p", ()), location=LOCATION, key="")
    assert log.resources == ("arn:aws:logs:here:1:log-group:/aws/lambda/p_s_shop_handler:*",)
    assert log.actions == ("logs:CreateLogStream", "logs:PutLogEvents")
    assert (trace.actions, trace.resources) == (tuple(UNSCOPED), ("*",))


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("get", "GetItem"),
        ("put", "PutItem"),
        ("update", "UpdateItem"),
        ("delete", "DeleteItem"),
        ("check", "ConditionCheckItem"),
        ("scan", "Scan"),
    ],
)
def test_an_action_on_a_table_is_one_action_on_that_table(action: str, expected: str) -> None:
    wanted = Statement(
        "TableShopPlain",
        (f"dynamodb:{expected}",),
        (ARN.format("dynamodb", "table/p_s_shop_plain"),),
    )
    assert given(Grant(Kind.TABLE, "shop.plain", (action,))) == [wanted]


@pytest.mark.parametrize(
    ("name", "resources"),
    [
        ("plain", ["table/p_s_shop_plain"]),
        ("own", ["table/p_s_shop_own"]),
        ("second", ["table/p_s_shop_second/index/by_price"]),
        ("both", ["table/p_s_shop_both", "table/p_s_shop_both/index/by_price"]),
    ],
)
def test_a_query_reads_the_indexes_that_there_are(name: str, resources: list[str]) -> None:
    (found,) = given(Grant(Kind.TABLE, f"shop.{name}", ("query",)))
    assert found.actions == ("dynamodb:Query",)
    assert found.resources == tuple(ARN.format("dynamodb", resource) for resource in resources)


def test_several_actions_are_one_statement_and_queries_another() -> None:
    found = given(Grant(Kind.TABLE, "shop.second", ("get", "put", "query")))
    assert [one.actions for one in found] == [
        ("dynamodb:GetItem", "dynamodb:PutItem"),
        ("dynamodb:Query",),
    ]


def test_sending_reaches_the_queue_and_its_rows_of_the_outbox() -> None:
    assert given(Grant(Kind.QUEUE, "shop.parcels", ("send",))) == [
        Statement(
            "QueueShopParcels", ("sqs:SendMessage",), (ARN.format("sqs", "p_s_shop_parcels"),)
        ),
        Statement(
            "Outbox",
            ("dynamodb:PutItem",),
            (ARN.format("dynamodb", "table/p_s_shop__outbox"),),
            rows("send/shop.parcels/*"),
        ),
    ]


def test_publishing_needs_the_key_through_sns_only() -> None:
    publish, encrypt, outbox = given(Grant(Kind.EVENT, "shop.sold", ("publish",)))
    assert publish == Statement(
        "EventShopSold", ("sns:Publish",), (ARN.format("sns", "p_s_shop_sold"),)
    )
    assert (encrypt.actions, encrypt.resources) == (
        ("kms:Decrypt", "kms:GenerateDataKey"),
        ("the-key",),
    )
    assert encrypt.conditions == (
        IamCondition("StringEquals", "kms:ViaService", ("sns.${AWS::Region}.amazonaws.com",)),
    )
    assert outbox.conditions == rows("publish/shop.sold/*")


def test_all_rows_of_the_outbox_are_one_statement() -> None:
    found = given(
        Grant(Kind.EVENT, "shop.sold", ("publish",)), Grant(Kind.QUEUE, "shop.parcels", ("send",))
    )
    assert found[-1].conditions == rows("publish/shop.sold/*", "send/shop.parcels/*")


def test_a_call_reaches_the_live_version_of_whoever_answers() -> None:
    (found,) = given(Grant(Kind.CALL, "bank.pay", ("call",)))
    assert found.actions == ("lambda:InvokeFunction",)
    assert found.resources == (ARN.format("lambda", "function:p_s_bank_pay_out:live"),)


def test_a_call_that_nobody_answers_is_a_mistake_with_its_place() -> None:
    with pytest.raises(
        InvalidProgram, match=r"here\.py:1: shop\.handler calls tax\.rate, but no function"
    ):
        given(Grant(Kind.CALL, "tax.rate", ("call",)))


@pytest.mark.parametrize(
    "trigger",
    [
        Subscription("bank.paid", 1, "shop.handler", 10),
        Worker("shop.handler", 10),
        Timer(timedelta(hours=1), None, "UTC", "shop.handler"),
    ],
)
def test_a_consumer_empties_its_queue_and_marks_what_it_applied(trigger: Trigger) -> None:
    consume, park, inbox = given(trigger=trigger)
    assert consume.resources == (ARN.format("sqs", "p_s_shop_handler"),)
    assert set(consume.actions) == {
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ChangeMessageVisibility",
    }
    assert park == Statement(
        "Park", ("sqs:SendMessage",), (ARN.format("sqs", "p_s_shop_handler_parked"),)
    )
    assert (inbox.actions, inbox.resources) == (
        ("dynamodb:PutItem",),
        (ARN.format("dynamodb", "table/p_s_shop__inbox"),),
    )
    assert inbox.conditions == rows("shop.handler/*")


def test_a_function_that_asks_for_once_updates_its_own_effects_and_nothing_else() -> None:
    once = Grant(Kind.EFFECT, "shop.handler", ("once",))
    effects, *others, inbox = given(once, trigger=Worker("shop.handler", 10))
    assert effects == Statement(
        "Effects",
        ("dynamodb:UpdateItem",),
        (ARN.format("dynamodb", "table/p_s_shop__inbox"),),
        rows("once/shop.handler/*/*"),
    )
    assert [*others, inbox] == given(trigger=Worker("shop.handler", 10))
    assert (inbox.actions, inbox.conditions) == (("dynamodb:PutItem",), rows("shop.handler/*"))


def relay(*functions: FunctionModel) -> dict[str, tuple[str, ...]]:
    service = ServiceModel(name="shop", functions=functions)
    found = relaying(
        service, location=LOCATION, log_group="/log", stream="the-stream", key="the-key"
    )
    return {one.name: one.resources for one in found}


def test_the_relay_sends_what_the_functions_may_send() -> None:
    may = relay(
        function(
            "shop.a",
            PAGE,
            Grant(Kind.QUEUE, "shop.q", ("send",)),
            Grant(Kind.TABLE, "shop.plain", ("get",)),
        ),
        function(
            "shop.b",
            PAGE,
            Grant(Kind.QUEUE, "shop.q", ("send",)),
            Grant(Kind.EVENT, "shop.e", ("publish",)),
        ),
    )
    outbox = ARN.format("dynamodb", "table/p_s_shop__outbox")
    assert may == {
        "Log": (ARN.format("logs", "log-group:/log:*"),),
        "Trace": ("*",),
        "Read": ("the-stream",),
        "ListStreams": (f"{outbox}/stream/*",),
        "Forget": (outbox,),
        "Undelivered": (ARN.format("sqs", "p_s_shop__undelivered"),),
        "Send": (ARN.format("sqs", "p_s_shop_q"),),
        "Publish": (ARN.format("sns", "p_s_shop_e"),),
        "Encrypt": ("the-key",),
    }


def test_a_relay_that_only_sends_has_no_key_and_one_that_only_publishes_no_queue() -> None:
    sends = relay(function("shop.a", PAGE, Grant(Kind.QUEUE, "shop.q", ("send",))))
    assert {"Publish", "Encrypt"} & sends.keys() == set()
    publishes = relay(function("shop.a", PAGE, Grant(Kind.EVENT, "shop.e", ("publish",))))
    assert "Send" not in publishes


def test_what_leaves_a_service_decides_whether_it_has_an_outbox() -> None:
    quiet = function("shop.a", PAGE, Grant(Kind.TABLE, "shop.plain", ("get",)))
    loud = function("shop.b", PAGE, Grant(Kind.EVENT, "shop.e", ("publish",)))
    assert outgoing(ServiceModel(name="shop", functions=(quiet,))) == ()
    assert outgoing(ServiceModel(name="shop", functions=(quiet, loud))) == loud.grants


def test_answers_are_found_by_their_call() -> None:
    answer = function("bank.pay_out", Answer("bank.pay", timedelta(seconds=1)))
    platform = PlatformModel(
        "p", (ServiceModel(name="bank", functions=(answer, function("bank.page", PAGE))),)
    )
    assert answering(platform) == {"bank.pay": "bank.pay_out"}
