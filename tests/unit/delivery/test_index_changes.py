"""Changes of indexes that DynamoDB refuses are named before anything is changed."""

from dataclasses import replace

import pytest

from oort.cloudformation import rendering, templates
from oort.delivery import index_changes, shipping
from oort.delivery.shipping import Shipment
from oort.model.delivery.deployments import Stack, StackRequest, StackState
from oort.model.errors import DeploymentFailed
from oort.model.platform import PlatformModel
from oort.model.resources import IndexModel
from tests.unit.cloudformation.one_service import CODE, STAGE, shop
from tests.unit.delivery.test_rollout import FakeAssets, FakeStacks, request, rollout
from tests.unit.programs import table

OWN = IndexModel("own", "id", None, primary=True)
A, B, C = (IndexModel(name, name, None, primary=False) for name in ("by-a", "by-b", "by-c"))


def asked(*indexes: IndexModel, numeric: frozenset[str] = frozenset()) -> StackRequest:
    """The stack of a service with a table that has these indexes."""
    parts = replace(table("shop.parts", OWN, *indexes), numeric=numeric)
    service = shop(tables=(parts, table("shop.others", A, B)))
    template = templates.service_template(
        service, platform=PlatformModel("market", (service,)), stage=STAGE, code=CODE
    )
    return StackRequest(template.stack, rendering.rendered(template), ())


def running(deployed: StackRequest) -> FakeStacks:
    good = Stack(deployed.name, StackState.GOOD)
    return FakeStacks({deployed.name: good}, {deployed.name: deployed.template})


@pytest.mark.parametrize(
    ("before", "after"),
    [((A,), (A, B)), ((A, B), (A,)), ((A, B), (B, A)), ((), (A,)), ((A,), ()), ((A, B), (A, B))],
)
def test_an_index_may_come_or_go(
    before: tuple[IndexModel, ...], after: tuple[IndexModel, ...]
) -> None:
    index_changes.refuse([asked(*after)], running(asked(*before)))


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ((), (A, B), "2 indexes of market_prod_shop_parts .* at once: by-a, by-b"),
        ((A, B, C), (), "3 indexes of .*: by-a, by-b, by-c"),
        ((A,), (B,), "2 indexes of .*: by-a, by-b"),
        (
            (A,),
            (IndexModel("by-a", "other", None, primary=False),),
            "The key of the index by-a of market_prod_shop_parts cannot be changed",
        ),
    ],
)
def test_other_changes_are_refused(
    before: tuple[IndexModel, ...], after: tuple[IndexModel, ...], named: str
) -> None:
    with pytest.raises(DeploymentFailed, match=named) as caught:
        index_changes.refuse([asked(*after)], running(asked(*before)))
    assert caught.value.instead.startswith("Nothing was changed.")


def test_a_key_that_becomes_a_number_is_another_key() -> None:
    number = asked(A, numeric=frozenset({"by-a"}))
    with pytest.raises(DeploymentFailed, match="The key of the index by-a"):
        index_changes.refuse([number], running(asked(A)))


def test_a_new_stack_and_a_foreign_template_are_not_compared() -> None:
    index_changes.refuse([asked(A, B)], FakeStacks())
    foreign = running(StackRequest(asked().name, b"Resources: {}", ()))
    index_changes.refuse([asked(A, B)], foreign)
    index_changes.refuse([StackRequest(asked().name, b"[]", ())], running(asked(A, B)))


def test_a_deployment_is_refused_before_any_stack_is_touched() -> None:
    stacks = running(asked())
    shipment = Shipment(
        assets=request("assets"), platform=None, services=(asked(A, B),), archives=()
    )
    with pytest.raises(DeploymentFailed, match="2 indexes"):
        shipping.ship(shipment, rollout=rollout(stacks), store=lambda _: FakeAssets())
    with pytest.raises(DeploymentFailed, match="2 indexes"):
        shipping.preview(shipment, rollout=rollout(stacks), store=lambda _: FakeAssets())
    assert (stacks.done, stacks.asked) == ([], {})
