"""Ships a platform: the bucket of packages first, then the packages, what all services share, and last the services themselves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from oort.delivery.rollout import Outcome, Rollout
from oort.model import limits
from oort.model.delivery.deployments import StackRequest
from oort.model.errors import DeploymentFailed
from oort.ports.assets import Assets

BUCKET = "Bucket"


@dataclass(frozen=True, slots=True)
class Archive:
    """A deployment package: its name in the bucket, and how its bytes are made if they are not there yet."""

    key: str
    content: Callable[[], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """Everything that a deployment needs. `platform` is None where only services are shipped."""

    assets: StackRequest
    platform: StackRequest | None
    services: tuple[StackRequest, ...]
    archives: tuple[Archive, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """What became of it, the stacks in their order, and how many packages were uploaded."""

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
    """Deploy the shipment. `store` opens the assets of a bucket. DeploymentFailed as a rollout raises it.

    `before` sees the assets ahead of everything but their own bucket, and may raise; `after` when all stacks are up.
    """
    (first,) = rollout.bring([shipment.assets])
    assets = store(_bucket(first))
    before(assets)
    count = 0
    for archive in shipment.archives:
        if assets.put(archive.key, archive.content):
            uploaded(archive.key)
            count += 1
    shared = rollout.bring(_placed([shipment.platform], assets)) if shipment.platform else []
    services = rollout.bring(_placed(shipment.services, assets))
    after(assets)
    return Shipped(outcomes=(first, *shared, *services), uploaded=count)


def preview(
    shipment: Shipment,
    *,
    rollout: Rollout,
    store: Callable[[str], Assets],
    before: Callable[[Assets], None] = lambda _: None,
) -> tuple[Outcome, ...]:
    """What a deployment would change. The first one has to be made: without its bucket nothing can be planned.

    `before` is as `ship` has it.
    """
    (first,) = rollout.preview([shipment.assets])
    if BUCKET not in first.stack.outputs:
        return (first,)
    assets = store(first.stack.outputs[BUCKET])
    before(assets)
    requests = [*([shipment.platform] if shipment.platform else []), *shipment.services]
    return (first, *rollout.preview(_placed(requests, assets)))


def _bucket(outcome: Outcome) -> str:
    if BUCKET not in outcome.stack.outputs:
        raise DeploymentFailed(
            f"The stack {outcome.stack.name} does not say which bucket it made.",
            "Was it changed by hand? Remove it.",
        )
    return outcome.stack.outputs[BUCKET]


def _placed(requests: Sequence[StackRequest], assets: Assets) -> list[StackRequest]:
    """The requests, with those templates in the bucket that are too large to be sent along."""
    return [
        _by_url(one, assets) if len(one.template) > limits.TEMPLATE_INLINE_BYTES else one
        for one in requests
    ]


def _by_url(request: StackRequest, assets: Assets) -> StackRequest:
    import hashlib

    key = f"templates/{request.name}/{hashlib.sha256(request.template).hexdigest()}.json"
    assets.put(key, lambda: request.template)
    return StackRequest(request.name, request.template, request.tags, assets.url(key))
