"""How stacks are brought to what is asked, against a fake CloudFormation whose stacks move one step at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from oort.delivery import shipping
from oort.delivery.rollout import AT_ONCE, Rollout
from oort.delivery.shipping import Archive, Shipment
from oort.model import limits
from oort.model.delivery.deployments import (
    Stack,
    StackChange,
    StackEvent,
    StackPlan,
    StackRequest,
    StackState,
)
from oort.model.errors import DeploymentFailed
from oort.rules.cloud.deployed import Outputs

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
CHANGE = StackChange("People", "AWS::DynamoDB::Table", "Add")


@dataclass
class FakeStacks:
    """Stacks in memory: an operation takes `steps` looks, and the stacks in `failing` go back to where they were."""

    stacks: dict[str, Stack] = field(default_factory=dict[str, Stack])
    templates: dict[str, bytes] = field(default_factory=dict[str, bytes])
    failing: set[str] = field(default_factory=set[str])
    steps: int = 2
    moving: dict[str, tuple[int, Stack]] = field(default_factory=dict[str, tuple[int, Stack]])
    log: dict[str, list[StackEvent]] = field(default_factory=dict[str, list[StackEvent]])
    planning: set[str] = field(default_factory=set[str])
    asked: dict[str, StackRequest] = field(default_factory=dict[str, StackRequest])
    most: int = 0
    done: list[str] = field(default_factory=list[str])

    def get(self, name: str) -> Stack:
        if name in self.moving:
            self.most = max(self.most, len(self.moving))
            left, end = self.moving[name]
            if left:
                self.moving[name] = (left - 1, end)
                return Stack(name, StackState.MOVING, "UPDATE_IN_PROGRESS")
            del self.moving[name]
            self.stacks[name] = end
        return self.stacks.get(name, Stack(name, StackState.ABSENT))

    def template(self, name: str) -> bytes:
        return self.templates.get(name, b"")

    def plan(self, request: StackRequest) -> StackPlan | None:
        self.asked[request.name] = request
        if request.template == b"unplannable":
            raise DeploymentFailed(f"The stack {request.name} cannot be planned.", "Mend it.")
        if request.name not in self.planning:
            self.planning.add(request.name)
            return None
        self.planning.remove(request.name)
        same = self.templates.get(request.name) == request.template
        return StackPlan(request.name, "plan", () if same else (CHANGE,))

    def execute(self, plan: StackPlan) -> None:
        name = plan.stack
        self.done.append(f"execute {name}")
        before = self.stacks.get(name)
        if name in self.failing:
            reason = "The name is taken"
            self._tell(name, "People", "CREATE_FAILED", reason)
            self._tell(name, "Other", "CREATE_FAILED", "Resource creation cancelled")
            end = (
                Stack(name, StackState.ROLLED_BACK, "UPDATE_ROLLBACK_COMPLETE")
                if before
                else Stack(name, StackState.NEVER_CREATED, "ROLLBACK_COMPLETE")
            )
        else:
            self._tell(name, "People", "CREATE_COMPLETE", "")
            self.templates[name] = self.asked[name].template
            tags = dict(self.asked[name].tags)
            end = Stack(
                name, StackState.GOOD, "CREATE_COMPLETE", outputs={Outputs.BUCKET: "b"}, tags=tags
            )
        self.moving[name] = (self.steps, end)

    def discard(self, plan: StackPlan) -> None:
        self.done.append(f"discard {plan.stack}")

    def delete(self, name: str) -> None:
        self.done.append(f"delete {name}")
        stuck = Stack(name, StackState.STUCK, "DELETE_FAILED", "not empty")
        self.moving[name] = (
            self.steps,
            stuck if name in self.failing else Stack(name, StackState.ABSENT),
        )

    def events(self, name: str) -> Sequence[StackEvent]:
        return tuple(self.log.get(name, ()))

    def _tell(self, stack: str, resource: str, status: str, reason: str) -> None:
        events = self.log.setdefault(stack, [])
        events.append(
            StackEvent(f"{stack}{len(events)}", stack, resource, "AWS::X", status, reason, MOMENT)
        )


def request(name: str, template: bytes = b"{}") -> StackRequest:
    return StackRequest(name, template, (("oort:platform", "shop"),))


def rollout(stacks: FakeStacks, heard: list[str] | None = None) -> Rollout:
    told = [] if heard is None else heard
    return Rollout(
        stacks=stacks,
        pause=lambda _: None,
        event=lambda event: told.append(f"{event.stack} {event.status}"),
    )


def test_a_stack_is_made_then_left_alone_then_changed() -> None:
    stacks, heard = FakeStacks(), list[str]()
    (made,) = rollout(stacks, heard).bring([request("a")])
    assert made.changed
    assert heard == ["a CREATE_COMPLETE"]
    (same,) = rollout(stacks).bring([request("a")])
    assert not same.changed
    (other,) = rollout(stacks).bring([request("a", b"[]")])
    assert other.changed
    assert stacks.done == ["execute a", "execute a"]


def test_many_stacks_move_at_once_but_not_too_many() -> None:
    stacks = FakeStacks(steps=5)
    outcomes = rollout(stacks).bring([request(f"s{number}") for number in range(20)])
    assert [outcome.stack.name for outcome in outcomes] == [f"s{number}" for number in range(20)]
    assert 1 < stacks.most <= AT_ONCE


def test_a_failure_names_its_cause_and_what_holds_now() -> None:
    stacks = FakeStacks(failing={"a"})
    with pytest.raises(DeploymentFailed) as raised:
        rollout(stacks).bring([request("a")])
    assert raised.value.what == "The stack a failed: People (AWS::X): The name is taken."
    assert raised.value.instead == "No resource of it remains. Fix the cause and deploy again."
    stacks.failing.clear()
    rollout(stacks).bring([request("a")])
    assert stacks.done == ["execute a", "delete a", "execute a"]
    stacks.failing.add("a")
    with pytest.raises(DeploymentFailed, match="Everything is as it was before"):
        rollout(stacks).bring([request("a", b"[]")])


def test_after_a_failure_no_further_stack_is_begun_and_those_under_way_end() -> None:
    stacks = FakeStacks(failing={"s0", "s1"})
    with pytest.raises(DeploymentFailed) as raised:
        rollout(stacks).bring([request(f"s{number}") for number in range(AT_ONCE * 3)])
    assert "s0 failed" in str(raised.value)
    assert "s1 failed" in str(raised.value)
    assert stacks.moving == {}
    assert len(stacks.done) == AT_ONCE


def test_a_stack_that_moves_is_stuck_or_belongs_to_another_is_refused() -> None:
    for stack, words in (
        (Stack("a", StackState.MOVING, "UPDATE_IN_PROGRESS"), "changing already"),
        (Stack("a", StackState.STUCK, "UPDATE_ROLLBACK_FAILED", "no"), "is stuck"),
        (
            Stack("a", StackState.GOOD, tags={"oort:platform": "other"}),
            "belongs to oort:platform other, not to shop",
        ),
    ):
        with pytest.raises(DeploymentFailed, match=words):
            rollout(FakeStacks({"a": stack})).bring([request("a")])


def test_what_cannot_be_planned_changes_nothing() -> None:
    stacks = FakeStacks()
    with pytest.raises(DeploymentFailed, match="cannot be planned"):
        rollout(stacks).bring([request("a", b"unplannable")])
    assert stacks.done == []


def test_a_preview_changes_nothing() -> None:
    stacks = FakeStacks()
    (outcome,) = rollout(stacks).preview([request("a")])
    assert outcome.plan is not None
    assert outcome.plan.changes == (CHANGE,)
    assert stacks.done == ["discard a"]
    never = FakeStacks({"a": Stack("a", StackState.NEVER_CREATED, "ROLLBACK_COMPLETE")})
    with pytest.raises(DeploymentFailed, match="holds nothing"):
        rollout(never).preview([request("a")])


def test_stacks_are_removed_and_what_stays_is_an_error() -> None:
    stacks = FakeStacks(
        {"a": Stack("a", StackState.GOOD), "b": Stack("b", StackState.GOOD)}, failing={"b"}
    )
    assert [one.stack.state for one in rollout(stacks).remove(["a", "never"])] == [
        StackState.ABSENT
    ] * 2
    with pytest.raises(DeploymentFailed, match="The stack b failed: not empty"):
        rollout(stacks).remove(["b"])


def test_nobody_waits_for_ever() -> None:
    waited = list[timedelta]()
    stacks = FakeStacks({"a": Stack("a", StackState.GOOD)}, steps=10**6)
    with pytest.raises(DeploymentFailed, match="still moves after 2:00:00"):
        Rollout(stacks=stacks, pause=waited.append).remove(["a"])
    assert sum(waited, timedelta()) <= timedelta(hours=2, seconds=2)


class FakeAssets:
    """A bucket in memory."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def holds(self, key: str) -> bool:
        return key in self.files

    def put(self, key: str, content: "object") -> bool:
        assert callable(content)
        if key in self.files:
            return False
        self.files[key] = content()
        return True

    def get(self, key: str) -> bytes | None:
        return self.files.get(key)

    def replace(self, key: str, content: bytes) -> None:
        self.files[key] = content

    def url(self, key: str) -> str:
        return f"bucket/{key}"


def shipment(**changed: object) -> Shipment:
    large = request("shop-prod-large", b" " * (limits.TEMPLATE_INLINE_BYTES + 1))
    archives = (Archive("shop/orders/1.zip", lambda: b"zip"),)
    return Shipment(
        assets=request("shop-prod--assets"),
        platform=None if "alone" in changed else request("shop-prod"),
        services=(request("shop-prod-orders"), large),
        archives=archives,
    )


def test_a_platform_is_shipped_in_its_order_and_what_is_there_is_not_uploaded_again() -> None:
    stacks, assets = FakeStacks(), FakeAssets()
    done = shipping.ship(shipment(), rollout=rollout(stacks), store=lambda bucket: assets)
    assert stacks.done == [
        f"execute shop-prod{name}" for name in ("--assets", "", "-orders", "-large")
    ]
    assert done.uploaded == 1
    assert assets.files["shop/orders/1.zip"] == b"zip"
    assert stacks.asked["shop-prod-orders"].url == ""
    assert stacks.asked["shop-prod-large"].url.startswith("bucket/templates/shop-prod-large/")
    again = shipping.ship(
        shipment(alone=True), rollout=rollout(stacks), store=lambda bucket: assets
    )
    assert again.uploaded == 0
    assert [outcome.changed for outcome in again.outcomes] == [False] * 3


def test_the_first_preview_says_what_it_can() -> None:
    stacks, assets = FakeStacks(), FakeAssets()
    assert (
        len(shipping.preview(shipment(), rollout=rollout(stacks), store=lambda bucket: assets)) == 1
    )
    shipping.ship(shipment(), rollout=rollout(stacks), store=lambda bucket: assets)
    assert (
        len(shipping.preview(shipment(), rollout=rollout(stacks), store=lambda bucket: assets)) == 4
    )


def test_an_assets_stack_without_its_bucket_is_an_error() -> None:
    stacks = FakeStacks({"shop-prod--assets": Stack("shop-prod--assets", StackState.GOOD)})
    stacks.templates["shop-prod--assets"] = b"{}"
    with pytest.raises(DeploymentFailed, match="no output with the name of its bucket"):
        shipping.ship(shipment(), rollout=rollout(stacks), store=lambda bucket: FakeAssets())
