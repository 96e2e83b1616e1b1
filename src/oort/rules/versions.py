"""Versions that are live at once: the draw of a version, the common model, and the reasons against two.

A version is drawn for each invocation, as by a weighted alias of Lambda. All resources of all
versions are there, as after the update of a stack: if two versions declare the same resource, the
newest version with a share decides.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import TypeAlias

from oort.model.errors import InvalidUse, StateUnusable
from oort.model.functions import Answer, FunctionModel, Http, Subscription
from oort.model.platform import PlatformModel, ServiceModel
from oort.model.resources import QueueModel, Resource, TableModel
from oort.model.versions import LARGEST_SHARE, NAME, LiveVersion
from oort.rules.http import routing

_ONE_AT_A_TIME = "Stop the platform, and start it with the new program alone."
_Identity: TypeAlias = tuple[str, ...]


def drawn(weights: Sequence[int], chance: float) -> int:
    """Return the place of the drawn weight, for a chance from 0 to 1 (without 1).

    Some weight is positive.

    >>> drawn([90, 10], 0.89), drawn([90, 10], 0.9), drawn([0, 1], 0.0)
    (0, 1, 1)
    """
    left = chance * sum(weights)
    for place, weight in enumerate(weights):
        if left < weight:
            return place
        left -= weight
    return max(place for place, weight in enumerate(weights) if weight)  # a rounding at the end


def identity(function: FunctionModel) -> _Identity:
    """Return the trigger of a function as an identity, which outlives a new name of the handler."""
    match function.trigger:
        case Http(method=method, path=path):
            return "route", method, routing.shape(path)
        case Answer(call=call):
            return "call", call
        case consumed:
            return "queue", consumed.queue


def check_shares(live: Sequence[LiveVersion]) -> None:
    """Raise InvalidUse if a share is impossible, or if no version has a share of a common service."""
    for version in live:
        services = {service.name for service in version.model.services}
        for service, share in version.shares.items():
            if service not in services:
                there = ", ".join(sorted(services))
                raise InvalidUse(
                    f"The version {version.name} has no service {service}.", f"It has: {there}."
                )
            if not 0 <= share <= LARGEST_SHARE:
                what = f"{share} is not a share of {service}"
                raise InvalidUse(f"{what}.", f"Use a whole number from 0 to {LARGEST_SHARE}.")
    for service in _services(live):
        holders = [version for version in live if _has(version, service)]
        if len(holders) > 1 and not any(version.share(service) for version in holders):
            raise InvalidUse(
                f"No version would have a share of {service}.",
                "Give a version a share above 0.",
            )


def check_name(name: str) -> None:
    """Raise InvalidUse if a version cannot have the name."""
    if not NAME.fullmatch(name):
        raise InvalidUse(
            f"{name!r} is not a name for a version.",
            "Use letters, digits, dots and dashes, at most 63: 2026-12-01.",
        )


def check_together(live: Sequence[LiveVersion]) -> None:
    """Raise StateUnusable if a version would misread the items or the messages of another one."""
    for left, right in combinations(live, 2):
        for what in _misread(left, right):
            raise StateUnusable(what, _ONE_AT_A_TIME)


def merged(live: Sequence[LiveVersion]) -> PlatformModel:
    """Return the model of all versions together, for their common parts.

    Its functions stand for their triggers. Each trigger is there once, with the name and the limits of
    the newest version that has a share.
    """
    services = tuple(_merged(service, live) for service in _services(live))
    return PlatformModel(live[0].model.name, services)


def _services(live: Sequence[LiveVersion]) -> list[str]:
    """Return the names of all services, those of the oldest version first."""
    return list(
        dict.fromkeys(service.name for version in live for service in version.model.services)
    )


def _has(version: LiveVersion, service: str) -> bool:
    return any(each.name == service for each in version.model.services)


def _merged(name: str, live: Sequence[LiveVersion]) -> ServiceModel:
    by_age = live[::-1]
    newest = sorted(by_age, key=lambda version: version.share(name) == 0)
    services = [
        service for version in newest for service in version.model.services if service.name == name
    ]
    functions: dict[_Identity, FunctionModel] = {}
    for service in services:
        for function in service.functions:
            functions.setdefault(identity(function), function)
    cors = dict.fromkeys(origin for service in services for origin in service.cors)
    return ServiceModel(
        name=name,
        resources=tuple(_resources(services)),
        functions=tuple(functions.values()),
        cors=tuple(cors),
    )


def _resources(services: Iterable[ServiceModel]) -> Iterator[Resource]:
    """Yield each resource once, as the first of the services declares it."""
    resources: dict[tuple[str, str, int], Resource] = {}
    for service in services:
        for resource in service.resources:
            version = getattr(resource, "version", 0)  # of an event: each is a resource
            number = version if isinstance(version, int) else 0
            key = resource.kind, resource.name, number
            known = resources.setdefault(key, resource)
            if isinstance(known, TableModel) and isinstance(resource, TableModel):
                resources[key] = _with_indexes(known, resource)
            elif isinstance(known, QueueModel) and isinstance(resource, QueueModel):
                longest = max(known.visibility, resource.visibility)
                resources[key] = replace(known, visibility=longest)
    yield from resources.values()


def _with_indexes(table: TableModel, second: TableModel) -> TableModel:
    """Return the table with the indexes of both: each version writes the entries of all."""
    names = {index.name for index in table.indexes}
    more = tuple(index for index in second.indexes if index.name not in names)
    if not more:
        return table
    return replace(table, indexes=(*table.indexes, *more), numeric=table.numeric | second.numeric)


def _misread(left: LiveVersion, right: LiveVersion) -> Iterator[str]:
    """Yield the reasons why the versions cannot be live together, as sentences."""
    both = f"{left.name} and {right.name}"
    if left.model.name != right.model.name:
        yield (
            f"{right.name} is the platform {right.model.name}, and {left.name} is "
            f"{left.model.name}: they are not versions of one platform."
        )
    tables = {table.name: table for table in left.model.tables}
    for table in right.model.tables:
        if table.name in tables and (why := _differ(tables[table.name], table)):
            yield f"The versions {both} would misread items of {table.name}: {why}."
    queues = {queue.name: queue for queue in left.model.of(QueueModel)}
    for queue in right.model.of(QueueModel):
        there = queues.get(queue.name, queue)
        if (there.revision, there.subscription) != (queue.revision, queue.subscription):
            yield f"The versions {both} would misread messages of {queue.name}: its messages have different types."
    events = {function.queue: function for function in left.model.functions if function.queue}
    for function in right.model.functions:
        consumer = events.get(function.queue or "")
        before, now = (consumer.trigger if consumer else None), function.trigger
        if (
            isinstance(before, Subscription)
            and isinstance(now, Subscription)
            and before.version != now.version
        ):
            yield (
                f"The versions {both} would misread messages of {now.queue}: it takes version "
                f"{before.version} of {now.event} in one, and version {now.version} in the other."
            )


def _differ(left: TableModel, right: TableModel) -> str:
    """Return the difference that keeps a version from the items of the other, or ""."""
    if (left.key, left.version) != (right.key, right.version):
        return "its key or its version attribute differs"
    indexes = {index.name: index for index in left.indexes}
    again = [(indexes.get(index.name, index), index) for index in right.indexes]
    for known, index in again:
        if known != index:
            return f"the index {index.name} differs"
    attributes = _ordered(left) & _ordered(right)
    if left.numeric & attributes != right.numeric & attributes:
        return "an attribute of a key is a number in one and a text in the other"
    if left.revision != right.revision:
        return f"the items have revision {left.revision} in one, and revision {right.revision} in the other"
    from oort.rules.contracts import same_revision  # only for two versions

    for before, now in zip(left.schemas, right.schemas, strict=False):
        if (
            before
            and now
            and before != now
            and same_revision.are_strangers(same_revision.parsed(before), same_revision.parsed(now))
        ):
            return "two branches have changed its type"
    return ""


def _ordered(table: TableModel) -> set[str]:
    """Return the attributes of the key and the indexes."""
    names = {index.partition for index in table.indexes} | set(table.key)
    return names | {index.sort for index in table.indexes if index.sort is not None}
