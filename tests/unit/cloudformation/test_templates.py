"""The template of the platform: groups, topics and the values that services read."""

from oort.cloudformation import templates
from oort.model.functions import Grant, Subscription
from oort.model.platform import PlatformModel, ServiceModel
from oort.model.resources import EventModel, Kind
from oort.rules.cloud import cloud_names
from tests.templates.reading import of_type, read
from tests.unit.cloudformation.one_service import STAGE, properties
from tests.unit.programs import HERE, function, queue, route, sign_up


def test_each_group_that_a_route_names_is_made() -> None:
    document = read(templates.platform_template(sign_up(), STAGE))
    groups = [one["GroupName"] for one in of_type(document, "Cognito::UserPoolGroup").values()]
    assert groups == ["admin", "support"]


def test_each_event_has_one_topic_whatever_its_versions() -> None:
    grant = Grant(Kind.EVENT, "shop.sold", ("publish",))
    events = (
        EventModel("shop.sold", 1, "id", "shop", HERE),
        EventModel("shop.sold", 2, "id", "shop", HERE),
    )
    place = function("shop.place", route("GET", "/shop").trigger, grant)
    listening = function("mail.heard", Subscription("bank.paid", 1, "mail.heard", 10))
    platform = PlatformModel(
        "market",
        (
            ServiceModel(name="shop", resources=events, functions=(place,)),
            ServiceModel(
                name="mail",
                resources=(queue("mail.heard", subscription="bank.paid"),),
                functions=(listening,),
            ),
        ),
    )
    document = read(templates.platform_template(platform, STAGE))
    topics = {name: one["TopicName"] for name, one in of_type(document, "SNS::Topic").items()}
    # A subscription needs its topic also while the publisher is not there yet.
    assert topics == {
        "TopicBankPaid": "market_prod_bank_paid",
        "TopicShopSold": "market_prod_shop_sold",
    }
    (statement,) = properties(document, "PolicyShopSold")["PolicyDocument"]["Statement"]
    assert (statement["Action"], statement["Resource"]) == (
        "sns:Publish",
        [{"Ref": "TopicShopSold"}],
    )


def test_a_platform_without_routes_leaves_the_account_alone() -> None:
    document = read(templates.platform_template(PlatformModel("market", ()), STAGE))
    assert of_type(document, "ApiGateway::Account") == {}
    assert of_type(document, "IAM::Role") == {}


def test_the_stacks_tell_what_services_read() -> None:
    platform = PlatformModel("market", ())
    told = [
        one["Name"]
        for template in (
            templates.platform_template(platform, STAGE),
            templates.assets_template(platform, STAGE),
        )
        for one in of_type(read(template), "SSM::Parameter").values()
    ]
    assert told == [
        "/market/prod/key-arn",
        "/market/prod/user-pool-arn",
        "/market/prod/user-pool-id",
        "/market/prod/client-id",
        "/market/prod/assets-bucket",
    ]


def test_no_service_can_have_the_stack_of_the_packages() -> None:
    location = cloud_names.location("market", "prod")
    template = templates.assets_template(PlatformModel("market", ()), STAGE)
    assert template.stack == location.assets_stack == "market-prod--assets"
    assert location.service_stack("assets") == "market-prod-assets"
