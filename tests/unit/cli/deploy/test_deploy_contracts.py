"""What a deployment does with contracts, against a bucket in memory."""

import json
from pathlib import Path

import pytest

from oort.cli.deploy import deploy_contracts
from oort.model.errors import ContractBroken
from tests.unit.cli.shops import run, shop
from tests.unit.delivery.contracts_on_disk import CONTRACTS, changed, platform
from tests.unit.delivery.test_rollout import FakeAssets

EVENT = "contracts/shop.placed/1.json"


def test_a_platform_without_lock_files_is_told_and_goes_on(tmp_path: Path) -> None:
    said, assets = list[str](), FakeAssets()
    with platform(tmp_path) as (project, program):
        agreement = deploy_contracts.check(
            project, program, stage="prod", chosen=(), say=said.append
        )
        agreement.hold(assets)
        agreement.keep(assets)
        agreement.publish()
        assert not (project.folder / EVENT).exists()
    assert said == [
        "The contracts of this platform are not locked: run oort contracts lock, and commit the files."
    ]
    assert sorted(assets.files) == ["contracts/desk.json", "contracts/shop.json"]
    deploy_contracts.forget(assets, ["shop"])
    assert json.loads(assets.files["contracts/shop.json"])["events"] == []


def test_what_was_deployed_is_marked_and_said(tmp_path: Path) -> None:
    said = list[str]()
    with platform(tmp_path) as (project, program):
        run("contracts", "lock", project.folder)
        agreement = deploy_contracts.check(
            project, program, stage="prod", chosen=["shop"], say=said.append
        )
        assert said == []
        agreement.publish()
        assert json.loads((project.folder / EVENT).read_text())["published"] == ["prod"]
        assert said == [
            f"{project.folder / EVENT} published in prod",
            f"{project.folder / 'contracts/shop/openapi.json'} published in prod",
            "Commit them.",
        ]
        deploy_contracts.check(
            project, program, stage="prod", chosen=["shop"], say=said.append
        ).publish()
        assert len(said) == 3


def test_a_break_of_what_is_published_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with platform(tmp_path) as (project, program):
        run("contracts", "lock", project.folder, "--publish", "prod")
        file = project.folder / EVENT
        whole = json.loads(file.read_text())
        file.write_text(json.dumps({**whole, "consumers": [], "seal": ""}))
        with pytest.raises(ContractBroken) as raised:
            deploy_contracts.check(project, program, stage="prod", chosen=(), say=lambda _: None)
    assert raised.value.what.startswith(
        "Contracts forbid the deployment: 1 objection by the lock files."
    )
    assert "[contract.outdated]" in raised.value.what
    assert raised.value.instead == "Nothing was deployed."


def test_a_break_of_what_runs_is_refused(tmp_path: Path) -> None:
    assets = FakeAssets()
    with platform(tmp_path) as (project, program):
        deploy_contracts.check(project, program, stage="prod", chosen=(), say=lambda _: None).keep(
            assets
        )
    with platform(tmp_path, contracts=changed("total: int", "total: str")) as (project, program):
        agreement = deploy_contracts.check(
            project, program, stage="prod", chosen=(), say=lambda _: None
        )
        with pytest.raises(ContractBroken, match="what the stage prod runs"):
            agreement.hold(assets)


def test_warnings_are_said(tmp_path: Path) -> None:
    said = list[str]()
    older = '\n\n@event("shop.placed", version=2, key="id")\nclass Newer(Placed): ...\n'
    down = "\n\n@downcast\ndef down(new: Newer) -> OrderPlaced: ...\n"
    contracts = (
        CONTRACTS.replace("import Event, event", "import Event, downcast, event") + older + down
    )
    shop = (
        "from HERE.contracts import Newer\nfrom oort import Publish, Service\nshop = Service('shop')\n"
        "@shop.post('/', public=True)\ndef place(out: Publish[Newer]) -> None: ...\n"
    )
    with platform(tmp_path, contracts=contracts, shop=shop) as (project, program):
        run("contracts", "lock", project.folder)
        deploy_contracts.check(project, program, stage="prod", chosen=(), say=said.append)
    assert len(said) == 1
    assert "[contract.downcast]" in said[0]


def test_a_deployment_asks_the_contracts_before_aws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")  # nobody listens there
    folder = shop(tmp_path)
    run("contracts", "lock", folder, "--publish", "prod")
    file = folder / "contracts/orders.placed/1.json"
    good = json.loads(file.read_text())
    file.write_text(json.dumps({**good, "consumers": [], "seal": ""}))
    for words in ((), ("--dry-run",), ("--json",)):
        refused = run("deploy", *words, "-C", folder)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert "1 objection by the lock files" in refused.stderr
        assert (
            "Run oort contracts lock, and commit the files. [contract.outdated]" in refused.stderr
        )
    file.write_text("{}")
    assert run("deploy", "-C", folder).exit_code == 64
