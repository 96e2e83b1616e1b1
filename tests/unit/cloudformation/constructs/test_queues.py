"""Queues with their dead letters, and those of subscribers."""

from datetime import timedelta

from oort.model.functions import FunctionModel, Subscription, Worker
from oort.rules.cloud.deployed import Metrics
from tests.templates.reading import filled
from tests.unit.cloudformation.one_service import properties, shop, template
from tests.unit.programs import HERE, function, queue


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
        Metrics.NAMESPACE,
        Metrics.NEWLY_PARKED,
        0,
    )
    dimensions = {one["Name"]: one["Value"] for one in alarm["Dimensions"]}
    assert dimensions == Metrics.dimensions(platform="market", stage="prod", service="shop")
    assert "ParkedAlarm" not in template(shop(queues=(queue("shop.parcels"),)))["Resources"]


def test_parts_of_a_second_do_not_shorten_the_visibility() -> None:
    short = FunctionModel(
        "shop.pack", "shop", Worker("shop.parcels", 10), (), timedelta(seconds=10.5), "", HERE
    )
    document = template(shop(short, queues=(queue("shop.parcels"),)))
    assert properties(document, "FunctionPack")["Timeout"] == 115
    assert properties(document, "QueueParcels")["VisibilityTimeout"] == 690


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
