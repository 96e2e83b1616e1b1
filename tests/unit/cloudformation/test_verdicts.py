"""`oort check` finds what synthesis would refuse, for every stage, with the places of the services."""

from dataclasses import replace

import pytest

from oort.cloudformation import verdicts
from oort.model import limits
from oort.model.delivery.stages import Stage
from oort.model.errors import Mistake, Source
from oort.model.platform import PlatformModel, ServiceModel
from tests.unit.cloudformation.one_service import CODE, shop
from tests.unit.programs import route, table

TOML, FILE = Source("oort.toml", 1), Source("shop.py", 7)


def found(*services: ServiceModel, stages: tuple[Stage, ...] = (Stage("prod"),)) -> list[Mistake]:
    return verdicts.mistakes(
        PlatformModel("market", services),
        stages,
        project=TOML,
        services={service.name: FILE for service in services},
        homes={service.name: CODE.packages for service in services},
    )


def test_a_program_that_can_be_deployed_has_no_mistakes() -> None:
    service = shop(route("GET", "/shop", name="shop.a"), tables=(table("shop.parts"),))
    assert found(service, stages=(Stage("prod"), Stage("test"))) == []


def test_what_a_deployment_leaves_out_is_a_warning() -> None:
    warm = replace(route("GET", "/shop", name="shop.a"), latency_sensitive=True)
    service = shop(warm, route("GET", "/shop/b", name="shop.b"))
    assert found(service) == []
    (warning,) = verdicts.warnings([service])
    assert warning.startswith("shop.a: latency_sensitive= has no effect on AWS")


def test_a_part_without_a_form_on_aws_is_a_mistake_at_its_own_place() -> None:
    odd = route("GET", "/shop/~ada", name="shop.a")
    assert [(each.source, each.code) for each in found(shop(odd))] == [(odd.source, "aws.path")]


def test_a_quota_that_is_exceeded_in_a_stage_is_a_mistake_of_the_service() -> None:
    service = shop(
        *(route("GET", f"/shop/{number}", name=f"shop.n{number}") for number in range(130))
    )
    (mistake,) = found(service)
    assert (mistake.source, mistake.code) == (FILE, "aws.limit")
    assert "CloudFormation takes 500" in mistake.what


def test_a_quota_that_all_services_exceed_together_is_a_mistake_of_the_project(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "STACK_RESOURCES", 3)
    (mistake,) = found()
    assert (mistake.source, mistake.code) == (TOML, "aws.limit")
    assert "template of platform" in mistake.what


@pytest.mark.parametrize("name", ["platform", "assets"])
def test_a_service_with_the_name_of_another_template_is_a_mistake(name: str) -> None:
    (mistake,) = found(ServiceModel(name=name))
    assert (mistake.source, mistake.code) == (FILE, "aws.name")
