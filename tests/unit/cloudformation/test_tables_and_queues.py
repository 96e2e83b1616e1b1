"""Tables with their keys and indexes, queues with their dead letters, and what the outbox and the inbox are for."""

from datetime import timedelta

from oort.model.functions import FunctionModel, Grant, Http, Subscription, Timer, Worker
from oort.model.resources import IndexModel, Kind, TableModel
from tests.templates.reading import filled, of_type
from tests.unit.cloudformation.one_service import properties, shop, template
from tests.unit.programs import HERE, function, queue, table

PAGE = Http("GET", "/shop", 200, True, ())
SEND = Grant(Kind.QUEUE, "shop.parcels", ("send",))
PUBLISH = Grant(Kind.EVENT, "shop.sold", ("publish",))


def test_a_table_has_the_key_and_the_indexes_of_the_model() -> None:
    indexes = (
        IndexModel("by_day", "day", "hour", primary=True),
        IndexModel("by_price", "price", "day", primary=False),
    )
    model = TableModel(
        "shop.counts", "shop", "day", "hour", None, indexes, HERE, frozenset({"price", "hour"})
    )
    found = properties(template(shop(tables=(model,))), "TableCounts")
    assert found["TableName"] == "market_prod_shop_counts"
    assert found["KeySchema"] == [
        {"AttributeName": "day", "KeyType": "HASH"},
        {"AttributeName": "hour", "KeyType": "RANGE"},
    ]
    types = {one["AttributeName"]: one["AttributeType"] for one in found["AttributeDefinitions"]}
    assert types == {"day": "S", "hour": "N", "price": "N"}
    (index,) = found["GlobalSecondaryIndexes"]
    assert (index["IndexName"], index["Projection"]) == ("by_price", {"ProjectionType": "ALL"})
    assert [one["AttributeName"] for one in index["KeySchema"]] == ["price", "day"]


def test_a_table_without_other_indexes_has_none() -> None:
    found = properties(template(shop(tables=(table("shop.plain"),))), "TablePlain")
    assert "GlobalSecondaryIndexes" not in found


def test_a_queue_tries_as_often_as_it_says() -> None:
    document = template(shop(queues=(queue("shop.parcels"),)))
    found = properties(document, "QueueParcels")
    assert found["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["DeadParcels", "Arn"]},
        "maxReceiveCount": 5,
    }
    assert (found["QueueName"], found["VisibilityTimeout"]) == ("market_prod_shop_parcels", 60)
    assert properties(document, "DeadParcels")["QueueName"] == "market_prod_shop_parcels_dead"
    assert "Undelivered" not in document["Resources"]


def test_what_a_consumer_cannot_read_has_a_queue_of_its_own_and_an_alarm() -> None:
    packing = function("shop.pack", Worker("shop.parcels", 10))
    document = template(shop(packing, queues=(queue("shop.parcels"),)))
    parked = properties(document, "ParkedParcels")
    assert (parked["QueueName"], parked["MessageRetentionPeriod"]) == (
        "market_prod_shop_parcels_parked",
        1_209_600,
    )
    assert "RedrivePolicy" not in parked
    (only,) = properties(document, "FenceParcels")["PolicyDocument"]["Statement"]
    assert (only["Effect"], only["Sid"]) == ("Deny", "OnlyTls")
    alarm = properties(document, "ParkedAlarm")
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Threshold"]) == (
        "Oort",
        "NewlyParked",
        0,
    )
    assert [one["Value"] for one in alarm["Dimensions"]] == ["market", "prod", "shop"]
    assert "ParkedAlarm" not in template(shop(queues=(queue("shop.parcels"),)))["Resources"]


def test_parts_of_a_second_do_not_shorten_the_visibility() -> None:
    short = FunctionModel(
        "shop.pack", "shop", Worker("shop.parcels", 10), (), timedelta(seconds=10.5), "", HERE
    )
    document = template(shop(short, queues=(queue("shop.parcels"),)))
    assert properties(document, "FunctionPack")["Timeout"] == 11
    assert properties(document, "QueueParcels")["VisibilityTimeout"] == 66


def test_a_subscriber_has_a_queue_that_only_its_topic_fills() -> None:
    consumer = function("shop.heard", Subscription("bank.paid", 1, "shop.heard", 7))
    document = template(shop(consumer, queues=(queue("shop.heard", subscription="bank.paid"),)))
    subscription = document["Resources"]["SubscriptionHeard"]
    assert subscription["DependsOn"] == ["PolicyHeard", "UndeliveredPolicy"]
    assert subscription["Properties"]["RawMessageDelivery"] is True
    topic = "arn:aws:sns:eu-north-1:123456789012:market_prod_bank_paid"
    assert filled(subscription["Properties"]["TopicArn"]) == topic
    for policy in ("PolicyHeard", "UndeliveredPolicy"):
        _, deliver = properties(document, policy)["PolicyDocument"]["Statement"]
        assert [filled(arn) for arn in deliver["Condition"]["ArnEquals"]["aws:SourceArn"]] == [
            topic
        ]
    assert len(properties(document, "GuardHeard")["PolicyDocument"]["Statement"]) == 1
    mapping = properties(document, "MappingHeard")
    assert (mapping["BatchSize"], mapping["FunctionName"]) == (7, {"Ref": "LiveHeard"})
    assert "ScalingConfig" not in mapping


def test_whoever_sends_has_an_outbox_and_a_relay() -> None:
    document = template(shop(function("shop.place", PAGE, SEND), queues=(queue("shop.parcels"),)))
    found = properties(document, "Outbox")
    assert found["TableName"] == "market_prod_shop__outbox"
    assert [one["AttributeName"] for one in found["KeySchema"]] == ["row", "id"]
    assert found["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}
    relay = properties(document, "RelayFunction")
    assert relay["FunctionName"] == "market_prod_shop__relay"
    assert relay["Environment"]["Variables"]["OORT_FUNCTION"] == "shop._relay"
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
        "AttributeName": "expires",
        "Enabled": True,
    }
    assert "DeletionPolicy" not in inbox
    assert "Outbox" not in document["Resources"]


def test_a_service_that_neither_sends_nor_consumes_has_neither() -> None:
    document = template(shop(function("shop.page", PAGE)))
    assert of_type(document, "DynamoDB::Table") == {}
    assert of_type(document, "Lambda::EventSourceMapping") == {}
