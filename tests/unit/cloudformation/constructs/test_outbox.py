"""Outbox, relay and inbox: which service has them, and what for."""

from datetime import timedelta

from oort.model.functions import Grant, Http, Timer
from oort.model.resources import Kind
from oort.rules.cloud.deployed import InboxTable, OutboxTable
from tests.templates.reading import environment, of_type
from tests.unit.cloudformation.one_service import properties, shop, template
from tests.unit.programs import function, queue

PAGE = Http("GET", "/shop", 200, True, ())
SEND = Grant(Kind.QUEUE, "shop.parcels", ("send",))
PUBLISH = Grant(Kind.EVENT, "shop.sold", ("publish",))


def test_whoever_sends_has_an_outbox_and_a_relay() -> None:
    document = template(shop(function("shop.place", PAGE, SEND), queues=(queue("shop.parcels"),)))
    found = properties(document, "Outbox")
    assert found["TableName"] == "market_prod_shop__outbox"
    assert [one["AttributeName"] for one in found["KeySchema"]] == list(OutboxTable.KEY)
    assert found["StreamSpecification"] == {"StreamViewType": OutboxTable.STREAM_VIEW}
    relay = properties(document, "RelayFunction")
    assert relay["FunctionName"] == "market_prod_shop__relay"
    assert environment(relay).function == "shop._relay"
    mapping = properties(document, "RelayMapping")
    assert mapping["FilterCriteria"] == {"Filters": [{"Pattern": '{"eventName":["INSERT"]}'}]}
    assert (mapping["StartingPosition"], mapping["MaximumRetryAttempts"]) == ("TRIM_HORIZON", -1)
    assert mapping["MaximumRecordAgeInSeconds"] < 24 * 3600
    assert "Inbox" not in document["Resources"]
    assert "KeyArn" not in document["Parameters"]


def test_whoever_publishes_reads_the_key_of_the_platform() -> None:
    document = template(shop(function("shop.place", PAGE, PUBLISH)))
    assert "Outbox" in document["Resources"]
    assert document["Parameters"]["KeyArn"]["Default"] == "/market/prod/key-arn"


def test_whoever_consumes_has_an_inbox_that_forgets() -> None:
    consumer = function("shop.tidy", Timer(timedelta(hours=1), None, "UTC", "shop.tidy"))
    document = template(shop(consumer, queues=(queue("shop.tidy"),)))
    inbox = document["Resources"]["Inbox"]
    assert inbox["Properties"]["TimeToLiveSpecification"] == {
        "AttributeName": InboxTable.EXPIRES,
        "Enabled": True,
    }
    assert "DeletionPolicy" not in inbox
    assert "Outbox" not in document["Resources"]


def test_a_service_that_neither_sends_nor_consumes_has_neither() -> None:
    document = template(shop(function("shop.page", PAGE)))
    assert of_type(document, "DynamoDB::Table") == {}
    assert of_type(document, "Lambda::EventSourceMapping") == {}
