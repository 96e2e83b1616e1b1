"""Ship a platform in order: bucket, packages, shared stack, service stacks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from oort.delivery import index_changes
from oort.delivery.rollout import Outcome, Rollout
from oort.model import limits
from oort.model.delivery.deployments import StackRequest
from oort.model.errors import DeploymentFailed
from oort.ports.assets import Assets
from oort.rules.cloud.deployed import Outputs


@dataclass(frozen=True, slots=True)
class Archive:
    """A deployment package: its key in the bucket, and a function that makes its bytes."""

    key: str
    content: Callable[[], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """All parts of a deployment. `platform` is None if only services are shipped."""

    assets: StackRequest
    platform: StackRequest | None
    services: tuple[StackRequest, ...]
    archives: tuple[Archive, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """The outcomes of the stacks in order, and the number of uploaded packages."""

    outcomes: tuple[Outcome, ...]
    uploaded: int


def ship(
    shipment: Shipment,
    *,
    rollout: Rollout,
    store: Callable[[str], Assets],
    uploaded: Callable[[str], None] = lambda _: None,
    before: Callable[[Assets], None] = lambda _: None,
    after: Callable[[Assets], None] = lambda _: None,
) -> Shipped:
    """Deploy the shipment. `store` opens the assets of a bucket.

    DeploymentFailed as in `Rollout`, and, before anything is changed, as in `index_changes`.

    `before` runs when the bucket exists and before all other changes; it may raise.
    `after` runs when all stacks are deployed.
    """
    index_changes.refuse(shipment.services, rollout.stacks)
    (first,) = rollout.bring([shipment.assets])
    assets = store(_bucket(first))
    before(assets)
    count = 0
    for archive in shipment.archives:
        if assets.put(archive.key, archive.content):
            uploaded(archive.key)
            count += 1
    shared = (
        rollout.bring(_with_large_templates_uploaded([shipment.platform], assets))
        if shipment.platform
        else []
    )
    services = rollout.bring(_with_large_templates_uploaded(shipment.services, assets))
    after(assets)
    return Shipped(outcomes=(first, *shared, *services), uploaded=count)


def preview(
    shipment: Shipment,
    *,
    rollout: Rollout,
    store: Callable[[str], Assets],
    before: Callable[[Assets], None] = lambda _: None,
) -> tuple[Outcome, ...]:
    """Return the planned changes. If the bucket's stack is new, return only the plan of that stack.

    `before` runs as in `ship`.
    """
    index_changes.refuse(shipment.services, rollout.stacks)
    (first,) = rollout.preview([shipment.assets])
    if Outputs.BUCKET not in first.stack.outputs:
        return (first,)
    assets = store(first.stack.outputs[Outputs.BUCKET])
    before(assets)
    requests = [*([shipment.platform] if shipment.platform else []), *shipment.services]
    return (first, *rollout.preview(_with_large_templates_uploaded(requests, assets)))


def _bucket(outcome: Outcome) -> str:
    if Outputs.BUCKET not in outcome.stack.outputs:
        raise DeploymentFailed(
            f"The stack {outcome.stack.name} has no output with the name of its bucket.",
            "Was it changed by hand? Remove it.",
        )
    return outcome.stack.outputs[Outputs.BUCKET]


def _with_large_templates_uploaded(
    requests: Sequence[StackRequest], assets: Assets
) -> list[StackRequest]:
    """Upload templates that are too large for a request, and refer to them by URL."""
    return [
        _by_url(request, assets)
        if len(request.template) > limits.TEMPLATE_INLINE_BYTES
        else request
        for request in requests
    ]


def _by_url(request: StackRequest, assets: Assets) -> StackRequest:
    import hashlib

    key = f"templates/{request.name}/{hashlib.sha256(request.template).hexdigest()}.json"
    assets.put(key, lambda: request.template)
    return StackRequest(request.name, request.template, request.tags, assets.url(key))
