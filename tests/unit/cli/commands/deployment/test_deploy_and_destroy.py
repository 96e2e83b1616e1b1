"""`oort deploy` and `oort destroy` against stacks and assets in memory: what they ask for, say and record."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from oort.aws.deployment.accounts import Account
from oort.cli.wiring import cloud, platforms
from oort.delivery import stage_contracts
from oort.delivery.rollout import Rollout
from oort.engine.clocks import VirtualClock
from oort.engine.services import bundle
from oort.engine.store.direct import DirectStore
from oort.model.delivery.deployments import StackEvent, StackPlan
from oort.model.delivery.stages import Stage
from oort.model.messages import Fault, Message, Reason
from oort.model.platform import PlatformModel
from oort.ports.parking import Parking
from oort.ports.secrets import KeptSecrets
from tests.unit.cli.shops import edited, run, shop
from tests.unit.delivery.test_rollout import FakeAssets, FakeStacks

EVERY = ["shop-prod--assets", "shop-prod", "shop-prod-orders"]


@dataclass
class FakeCloud:
    """An account in memory: it stays as it is from command to command."""

    stacks: FakeStacks = field(default_factory=FakeStacks)
    files: FakeAssets = field(default_factory=FakeAssets)
    account: Account = field(
        default_factory=lambda: Account("123456789012", "arn:aws:iam::123456789012:user/a", "aws")
    )
    waiting: list[Message] = field(default_factory=list[Message])

    def __call__(self, stage: Stage) -> "FakeCloud":
        return self

    def parking(self, platform: PlatformModel) -> Parking:
        ports = bundle.on(DirectStore(), platform=platform, clock=VirtualClock())
        for message in self.waiting:
            ports.queues.send("orders.pack", message)
            (delivery,) = ports.deliveries.receive("orders.pack", most=1)
            ports.deliveries.keep(
                "orders.pack", delivery, Fault(Reason.UNKNOWN_VERSION, "of yesterday")
            )
        return ports.parking

    def secrets(self, platform: PlatformModel) -> KeptSecrets:
        return bundle.on(DirectStore(), platform=platform, clock=VirtualClock()).secrets

    def rollout(
        self,
        *,
        event: Callable[[StackEvent], None] = lambda _: None,
        planned: Callable[[StackPlan], None] = lambda _: None,
        pause: Callable[[timedelta], None] = lambda _: None,
    ) -> Rollout:
        return Rollout(stacks=self.stacks, pause=pause, event=event, planned=planned)

    def assets(self, bucket: str) -> FakeAssets:
        assert bucket == "b"
        return self.files


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> FakeCloud:
    """What the commands take for AWS. Packages have no content: wheels for Lambda would be fetched."""
    made = FakeCloud()
    monkeypatch.setattr(cloud, "Cloud", made)
    monkeypatch.setattr(cloud, "_archived", lambda package: b"")
    return made


def test_a_deployment_shows_what_it_does_and_where_everything_is(
    tmp_path: Path, account: FakeCloud
) -> None:
    result = run("deploy", "-C", shop(tmp_path))
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].startswith(
        "The contracts of this platform are not locked: run oort contracts lock"
    )
    assert lines[1] == "shop, stage prod, account 123456789012, us-east-1"
    assert lines[-1] == "3 stacks, 3 changed."
    assert any(line.split()[:1] == ["package"] for line in lines)
    assert "shop-prod-orders             Bucket = b" in lines
    assert account.stacks.done == [f"execute {name}" for name in EVERY]
    assert account.files.holds(stage_contracts.key("orders"))


def test_a_second_deployment_changes_nothing(tmp_path: Path, account: FakeCloud) -> None:
    folder = shop(tmp_path)
    run("deploy", "-C", folder)
    result = run("deploy", "-C", folder)
    assert result.stdout.splitlines()[-1] == "3 stacks, 0 changed."
    assert "package " not in result.stdout


def test_a_dry_run_changes_the_bucket_of_packages_only(tmp_path: Path, account: FakeCloud) -> None:
    result = run("deploy", "--dry-run", "-C", shop(tmp_path))
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == "1 stack, 1 would change."
    assert [step for step in account.stacks.done if step.startswith("execute")] == []
    assert not account.files.holds(stage_contracts.key("orders"))


def test_a_named_service_is_deployed_without_what_all_share(
    tmp_path: Path, account: FakeCloud
) -> None:
    folder = shop(tmp_path)
    run("deploy", "-C", folder)
    account.stacks.done.clear()
    result = run("deploy", "orders", "-C", folder)
    assert result.stdout.splitlines()[-1] == "2 stacks, 0 changed."


def test_a_deployment_in_json_is_one_document(tmp_path: Path, account: FakeCloud) -> None:
    result = run("deploy", "--json", "-C", shop(tmp_path))
    found = json.loads(result.stdout)
    assert [one["stack"] for one in found] == EVERY
    assert found[0] == {
        "stack": "shop-prod--assets",
        "status": "CREATE_COMPLETE",
        "outputs": {"Bucket": "b"},
        "changes": [
            {
                "resource": "People",
                "kind": "AWS::DynamoDB::Table",
                "action": "Add",
                "replaced": False,
            }
        ],
    }


def test_what_waits_parked_and_can_be_read_now_is_handed_over(
    tmp_path: Path, account: FakeCloud
) -> None:
    account.waiting.append(
        Message(id="1", name="orders.placed", body=b'{"order_id":"1"}', version=1)
    )
    result = run("deploy", "-C", shop(tmp_path))
    assert (
        "orders.pack                  1 parked message can be read now and will be delivered."
        in result.stdout
    )


UPGRADED = (
    '@orders.table("book", key="id")',
    """def booked(old: OldOrder) -> Order:
    return Order(old.id, old.email, "")


@orders.table("book", key="id", upgrades=[booked])""",
)
OLD_ORDER = ("class NewOrder(", "class OldOrder(msgspec.Struct):\n    id: str\n    email: str\n    note: str = ''\n\n\nclass NewOrder(")  # fmt: skip


def test_a_new_upgrade_names_the_command_for_the_stored_items(
    tmp_path: Path, account: FakeCloud
) -> None:
    folder = shop(tmp_path)
    run("deploy", "-C", folder)
    newer = edited(folder, UPGRADED, OLD_ORDER)
    assert "upgrade" not in run("deploy", "--dry-run", "-C", newer).stdout
    account.stacks.failing.add("shop-prod-orders")
    assert "tables upgrade" not in run("deploy", "-C", newer).stdout
    account.stacks.failing.clear()
    command = f"oort tables upgrade orders.book --stage prod -C {newer}"
    said = run("deploy", "-C", newer)
    assert said.exit_code == 0, said.output
    line = f"orders.book                  stored items have an earlier revision: {command}"
    assert line in said.stdout.splitlines()
    assert "tables upgrade" not in run("deploy", "-C", newer).stdout


def test_a_stack_that_fails_ends_the_deployment(tmp_path: Path, account: FakeCloud) -> None:
    account.stacks.failing.add("shop-prod-orders")
    result = run("deploy", "-C", shop(tmp_path))
    assert result.exit_code == 1
    assert "The stack shop-prod-orders failed: People (AWS::X): The name is taken." in result.stderr
    assert not account.files.holds(stage_contracts.key("orders"))


def test_destroying_removes_services_first_and_forgets_what_they_ran(
    tmp_path: Path, account: FakeCloud
) -> None:
    folder = shop(tmp_path)
    run("deploy", "-C", folder)
    account.stacks.done.clear()
    result = run("destroy", "-C", folder, "--stage", "prod", "--yes")
    assert result.exit_code == 0, result.output
    assert account.stacks.done == ["delete shop-prod-orders", "delete shop-prod"]
    assert result.stdout.splitlines()[-1] == "2 stacks removed."
    ran = stage_contracts.read(account.files, "orders")
    assert ran is not None
    assert ran.events == ()


def test_destroying_one_service_leaves_what_all_share(tmp_path: Path, account: FakeCloud) -> None:
    folder = shop(tmp_path)
    run("deploy", "-C", folder)
    account.stacks.done.clear()
    assert run("destroy", "orders", "-C", folder, "--stage", "prod", "--yes").exit_code == 0
    assert account.stacks.done == ["delete shop-prod-orders"]


@pytest.mark.parametrize(("answer", "code"), [("prod\n", 0), ("test\n", 64), ("\n", 64)])
def test_destroying_asks_for_the_name_of_the_stage(
    tmp_path: Path, account: FakeCloud, answer: str, code: int
) -> None:
    folder = shop(tmp_path)
    run("deploy", "-C", folder)
    account.stacks.done.clear()
    result = run("destroy", "-C", folder, "--stage", "prod", input=answer)
    assert result.exit_code == code
    assert bool(account.stacks.done) is (code == 0)
    assert ("Nothing was removed" in result.stderr) is (code == 64)


def test_a_service_without_functions_has_no_package(tmp_path: Path) -> None:
    source = "from oort import Service\n\norders = Service('orders')\n"
    project, program = platforms.load(shop(tmp_path, source))
    shipment = cloud.shipment(project, program, Stage("prod"), [])
    assert shipment.archives == ()
    assert [request.name for request in shipment.services] == ["shop-prod-orders"]
