"""What a stage says that it runs: written when its stacks are up, and what the next deployment is held against."""

from pathlib import Path

import pytest

from oort.delivery import checking, shipping, stage_contracts
from oort.delivery.stage_contracts import DeployedContracts
from oort.model.errors import ContractBroken, UnreadableContract
from oort.ports.assets import Assets
from tests.unit.delivery.contracts_on_disk import CONTRACTS, changed, platform
from tests.unit.delivery.test_rollout import FakeAssets, FakeStacks, rollout, shipment

EVERYONE = ("shop", "desk")


def release(
    root: Path, contracts: str = CONTRACTS, services: tuple[str, ...] = EVERYONE
) -> DeployedContracts:
    with platform(root, contracts=contracts) as (project, program):
        return DeployedContracts(checking.check(project, program), services, EVERYONE)


def test_a_stage_keeps_what_its_services_publish_and_consume(tmp_path: Path) -> None:
    assets, first = FakeAssets(), release(tmp_path)
    assert stage_contracts.read(assets, "shop") is None
    assert first.objections(assets) == ()
    first.keep(assets)
    assert sorted(assets.files) == ["contracts/desk.json", "contracts/shop.json"]
    found = stage_contracts.read(assets, "desk")
    assert found is not None
    (event,) = found.events
    assert (event.event, event.version, event.consumers, event.producers) == (
        "shop.placed",
        1,
        ("desk.show",),
        (),
    )
    assert release(tmp_path).objections(assets) == ()


def test_a_breaking_edit_of_what_runs_is_refused_with_its_line(tmp_path: Path) -> None:
    assets = FakeAssets()
    release(tmp_path).keep(assets)
    (one,) = release(
        tmp_path, changed("to: Address", "to: Address\n    by: str"), ("shop",)
    ).objections(assets)
    assert (one.code, one.name, one.consumers) == ("stage.breaking", "by", ("desk.show",))
    assert one.source is not None
    assert Path(one.source.file).name == "__init__.py"
    stage_contracts.forget(assets, ["shop", "desk", "never"])
    assert sorted(assets.files) == ["contracts/desk.json", "contracts/shop.json"]
    assert release(tmp_path, changed("total: int", "total: str")).objections(assets) == ()


@pytest.mark.parametrize(
    "data",
    [b"{", b"\xff", b"{}", b"[" * 100_000, b'{"format": 2, "service": "shop", "events": []}'],
)
def test_what_cannot_be_read_refuses(tmp_path: Path, data: bytes) -> None:
    assets = FakeAssets()
    assets.files["contracts/shop.json"] = data
    with pytest.raises(UnreadableContract, match=r"contracts/shop\.json in the stage's bucket"):
        release(tmp_path).objections(assets)


def test_a_shipment_is_held_before_and_kept_after_everything_else() -> None:
    stacks, assets, seen = FakeStacks(), FakeAssets(), list[str]()

    def refuse(_: Assets) -> None:
        raise ContractBroken("It would break what runs.", "Nothing was deployed.")

    def store(_: str) -> Assets:
        return assets

    with pytest.raises(ContractBroken):
        shipping.ship(shipment(), rollout=rollout(stacks), store=store, before=refuse)
    assert stacks.done == ["execute shop-prod--assets"]
    assert assets.files == {}
    with pytest.raises(ContractBroken):
        shipping.preview(shipment(), rollout=rollout(stacks), store=store, before=refuse)
    shipping.ship(
        shipment(), rollout=rollout(stacks), store=store,
        before=lambda _: seen.append(f"before {len(stacks.done)}"), after=lambda _: seen.append(f"after {len(stacks.done)}"),
    )  # fmt: skip
    assert seen == ["before 1", "after 4"]
