"""Names and ARNs on AWS: within the limits of each service, and never the same for two things."""

import pytest

from oort.model.errors import InvalidProject
from oort.rules.cloud.cloud_names import Location, effect_row, location, outbox_row

HERE = Location("shop", "prod", partition="aws", region="here", account="1")


def test_names_are_made_of_platform_stage_and_name() -> None:
    assert HERE.stack == "shop-prod"
    assert HERE.service_stack("orders") == "shop-prod-orders"
    assert HERE.assets_stack == "shop-prod--assets"
    assert HERE.parameter("key-arn") == "/shop/prod/key-arn"
    assert HERE.key_alias == "alias/shop_prod"
    assert HERE.outbox("orders") == "shop_prod_orders__outbox"
    assert HERE.inbox("orders") == "shop_prod_orders__inbox"
    assert HERE.dead("orders.parcels") == "shop_prod_orders_parcels_dead"
    assert HERE.schedule("orders.tidy") == "shop_prod_orders_tidy"
    assert HERE.log_group("orders.place") == "/aws/lambda/shop_prod_orders_place"
    assert HERE.access_log("orders") == "/aws/apigateway/shop_prod_orders"


def test_arns_hold_those_names() -> None:
    assert HERE.table_arn("orders.book") == "arn:aws:dynamodb:here:1:table/shop_prod_orders_book"
    assert (
        HERE.index_arn("orders.book", "by_day")
        == "arn:aws:dynamodb:here:1:table/shop_prod_orders_book/index/by_day"
    )
    assert (
        HERE.stream_arns("orders.book")
        == "arn:aws:dynamodb:here:1:table/shop_prod_orders_book/stream/*"
    )
    assert HERE.queue_arn("orders.parcels") == "arn:aws:sqs:here:1:shop_prod_orders_parcels"
    assert HERE.topic_arn("orders.sold") == "arn:aws:sns:here:1:shop_prod_orders_sold"
    assert (
        HERE.function_arn("orders.place")
        == "arn:aws:lambda:here:1:function:shop_prod_orders_place:live"
    )
    assert HERE.log_group_arn("/x") == "arn:aws:logs:here:1:log-group:/x"


def test_without_an_account_cloudformation_fills_it_in() -> None:
    wanted = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:shop_prod_orders_parcels"
    assert location("shop", "prod").queue_arn("orders.parcels") == wanted


@pytest.mark.parametrize(
    ("kind", "most"),
    [
        ("function", 64),
        ("schedule", 64),
        ("parked", 80),
        ("dead", 78),
        ("queue", 73),
        ("topic", 256),
    ],
)
def test_a_long_name_is_cut_and_stays_its_own(kind: str, most: int) -> None:
    long = [f"orders.{'x' * 300}{end}" for end in "ab"]
    names = [getattr(HERE, kind)(name) for name in long]
    assert names[0] != names[1]
    assert all(len(name) == most for name in names)


@pytest.mark.parametrize("platform", ["", "Shop", "1shop", "a_b", "x" * 25])
def test_a_platform_that_cannot_be_named_on_aws_is_refused(platform: str) -> None:
    with pytest.raises(InvalidProject, match="cannot be part of names on AWS"):
        location(platform, "prod")


@pytest.mark.parametrize("stage", ["", "Prod", "pre-prod", "x" * 17])
def test_a_stage_that_cannot_be_named_is_refused(stage: str) -> None:
    with pytest.raises(InvalidProject, match="is not a stage's name"):
        location("shop", stage)


def test_a_row_of_the_outbox_begins_with_what_is_sent() -> None:
    assert outbox_row("publish", "orders.sold", "42") == "publish/orders.sold/42"


def test_the_key_of_an_effect_is_the_key_of_no_other_and_of_no_mark() -> None:
    places = [("a.b", "m", "n"), ("a.b", "m/n", "n"), ("a.b", "m", "n.n"), ("a.bm", "m", "n")]
    keys = {effect_row(*one) for one in places}
    assert len(keys) == len(places)
    assert all(key.startswith("once/a.b") for key in keys)
    assert not any(
        key.startswith(("once./", "once.")) for key in keys
    )  # the marks of a service named once
