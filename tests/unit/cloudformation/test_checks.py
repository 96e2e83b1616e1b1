"""What runs on one machine and has no form on AWS is refused with its location, before anything is deployed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from oort.cloudformation import checks, templates
from oort.cloudformation.resources import Resource, Template
from oort.model.errors import InvalidProgram, LimitExceeded
from oort.model.functions import FunctionModel, Grant, Http, Timer
from oort.model.platform import PlatformModel
from oort.model.resources import IndexModel, Kind
from tests.unit.cloudformation.one_service import CODE, STAGE, shop
from tests.unit.programs import function, queue, route, table


def refused(*functions: FunctionModel) -> list[str]:
    """The codes of what is refused."""
    with pytest.raises(InvalidProgram) as caught:
        checks.check_service(shop(*functions))
    return [one.code for one in caught.value.mistakes]


def timed(interval: timedelta | None, cron: str | None) -> FunctionModel:
    return function("shop.tidy", Timer(interval, cron, "UTC", "shop.tidy"))


def test_a_part_of_a_path_that_api_gateway_does_not_take() -> None:
    assert refused(route("GET", "/shop/~ada", name="shop.a")) == ["aws.path"]


def test_one_place_in_a_path_has_one_name() -> None:
    first, second = (
        route("GET", "/shop/{id}", name="shop.a"),
        route("GET", "/shop/{name}/parts", name="shop.b"),
    )
    with pytest.raises(
        InvalidProgram, match=r"shop\.b: \{name\} is \{id\} in another route of shop"
    ):
        checks.check_service(shop(first, second))


def test_the_same_name_in_two_places_is_fine() -> None:
    checks.check_service(
        shop(
            route("GET", "/shop/{id}", name="shop.a"),
            route("PUT", "/shop/{id}", name="shop.b"),
            route("GET", "/shop/{id}/{part}", name="shop.c"),
            route("GET", "/shop/x/{other}", name="shop.d"),
        )
    )


@pytest.mark.parametrize(
    ("interval", "cron"), [(timedelta(seconds=90), None), (None, "0 0 */2 * mon")]
)
def test_a_schedule_that_the_scheduler_cannot_say(
    interval: timedelta | None, cron: str | None
) -> None:
    assert refused(timed(interval, cron)) == ["aws.schedule"]


def test_an_index_with_too_short_a_name() -> None:
    short = table(
        "shop.parts",
        IndexModel("by", "at", None, primary=False),
        IndexModel("me", "id", None, primary=True),
    )
    with pytest.raises(InvalidProgram, match=r"shop\.parts: 'by' is too short"):
        checks.check_service(shop(tables=(short,)))


def test_the_relay_keeps_its_name() -> None:
    assert refused(function("shop._relay", Http("GET", "/shop", 200, True, ()))) == ["aws.name"]


def test_every_mistake_is_named_at_once() -> None:
    assert sorted(
        refused(timed(timedelta(seconds=90), None), route("GET", "/shop/~x", name="shop.a"))
    ) == [
        "aws.path",
        "aws.schedule",
    ]


def test_a_service_with_too_many_resources_is_told_to_split() -> None:
    many = shop(
        *(
            function(f"shop.f{n}", Timer(timedelta(hours=1), None, "UTC", f"shop.f{n}"))
            for n in range(60)
        ),
        queues=tuple(queue(f"shop.f{n}") for n in range(60)),
    )
    with pytest.raises(
        LimitExceeded, match=r"template of shop has \d+ resources; CloudFormation takes 500"
    ) as caught:
        templates.service_template(
            many, platform=PlatformModel("market", (many,)), stage=STAGE, code=CODE
        )
    assert "Split shop" in caught.value.instead


def test_a_template_with_too_many_bytes_is_told_to_split() -> None:
    large = Resource("Large", "AWS::Logs::LogGroup", {"LogGroupName": "x" * 1024 * 1024})
    with pytest.raises(LimitExceeded, match=r"has 1,048,\d+ bytes; CloudFormation takes 1,048,576"):
        checks.check_template(Template("shop", "market-prod-shop", "", (large,)))


def test_a_role_with_too_long_a_policy_names_the_function() -> None:
    grants = tuple(
        Grant(Kind.TABLE, f"shop.table-{number}", ("get", "put")) for number in range(60)
    )
    greedy = shop(
        function("shop.all", Http("GET", "/shop", 200, True, ()), *grants),
        tables=tuple(table(f"shop.table-{number}") for number in range(60)),
    )
    with pytest.raises(
        LimitExceeded, match=r"policy of RoleAll has [\d,]+ characters; IAM takes 10,240"
    ):
        templates.service_template(
            greedy, platform=PlatformModel("market", (greedy,)), stage=STAGE, code=CODE
        )


def test_a_path_without_room_in_a_logical_id_is_refused() -> None:
    service = shop(route("GET", f"/shop/{'long-' * 60}", name="shop.a"))
    with pytest.raises(LimitExceeded, match=r"logical id \w+… has \d+ characters; .* takes 255"):
        templates.service_template(
            service, platform=PlatformModel("market", (service,)), stage=STAGE, code=CODE
        )


def test_environment_variables_without_room_are_refused() -> None:
    service = shop(route("GET", "/shop", name="shop.a"))
    platform = PlatformModel("market", (service,))
    for size, fits in ((3_000, True), (4_096, False)):
        stage = replace(STAGE, environment=(("LONG", "x" * size),))
        if fits:
            templates.service_template(service, platform=platform, stage=stage, code=CODE)
            continue
        with pytest.raises(LimitExceeded, match=r"variables of FunctionA have 4,\d+ bytes; Lambda"):
            templates.service_template(service, platform=platform, stage=stage, code=CODE)


def test_two_resources_of_one_id_are_a_defect() -> None:
    twice = Resource("Log", "AWS::Logs::LogGroup", {})
    with pytest.raises(AssertionError, match="Log is there twice"):
        checks.check_template(Template("shop", "stack", "", (twice, twice)))
