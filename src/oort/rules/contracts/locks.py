"""Compute the next content of the lock files.

Drafts follow the program. Published contracts keep their earlier revisions.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from oort.model.contracts import (
    Acceptance,
    ApiLock,
    DataForm,
    DataLock,
    DeclaredApi,
    DeclaredContracts,
    DeclaredData,
    DeclaredEvent,
    EventLock,
    Lock,
    Locks,
    Revision,
    Version,
)
from oort.model.items import Value
from oort.model.resources import Kind
from oort.rules.contracts import members, revisions

FOLDER = "contracts"  # beside oort.toml
API = "openapi.json"
Examples = Callable[[Version], tuple[Value, ...]]


@dataclass(frozen=True, slots=True)
class Changes:
    """The lock files to write and to remove."""

    written: tuple[Lock, ...]
    removed: tuple[Lock, ...]

    def __bool__(self) -> bool:
        return bool(self.written or self.removed)


@dataclass(frozen=True, slots=True)
class Standing:
    """The stages of a lock: those that run its present form, an earlier form, or either."""

    present: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()
    either: tuple[str, ...] = ()


def standing(lock: Lock, before: Lock | None, *, stage: str = "") -> Standing:
    """Return the forms that the stages run, after `before` became `lock` by a deployment to `stage`.

    A lock file keeps the stages of all its forms, and not the form of each stage.
    """
    present = tuple(name for name in lock.published if name == stage)
    left = tuple(name for name in lock.published if name != stage)
    forms = () if before is None else _hashes(before)
    if not isinstance(lock, ApiLock) and len(_hashes(lock)) == 1 and forms[:1] == _hashes(lock):
        return Standing(present=tuple(sorted((*present, *left))))
    if forms and not isinstance(lock, ApiLock) and _hashes(lock)[0] not in forms:
        return Standing(present, earlier=left)
    return Standing(present, either=left)


def _hashes(lock: Lock) -> tuple[str, ...]:
    """Return the hashes of the present form and the earlier forms."""
    match lock:
        case EventLock():
            return tuple(each.hash for each in (lock.revision, *lock.earlier))
        case ApiLock():
            return (lock.hash,)
        case DataLock():
            return tuple(each.hash for each in (lock.form, *lock.earlier))


def event_file(event: str, version: int) -> str:
    """Return the path of an event's lock file, relative to the platform's folder.

    >>> event_file("accounts.signed-up", 1)
    'contracts/accounts.signed-up/1.json'
    """
    return f"{FOLDER}/{event}/{version}.json"


def path(lock: Lock) -> str:
    """Return the path of a lock, relative to the platform's folder."""
    match lock:
        case EventLock():
            return event_file(lock.event, lock.version)
        case ApiLock():
            return api_file(lock.service)
        case DataLock():
            return data_file(lock.kind, lock.name)


def data_file(kind: Kind, name: str) -> str:
    """Return the path of the lock file of a table, a queue or a call.

    >>> data_file(Kind.TABLE, "accounts.people")
    'contracts/accounts/tables/people.json'
    """
    service, _, own = name.partition(".")
    return f"{FOLDER}/{service}/{kind}s/{own}.json"


def api_file(service: str) -> str:
    """Return the path of the lock file of a service's routes, relative to the platform's folder."""
    return f"{FOLDER}/{service}/{API}"


def changes(
    declared: DeclaredContracts, locks: Locks, *, examples: Examples, stage: str = ""
) -> Changes:
    """Return the changes that bring the lock files up to date. With a stage, all is published
    there.

    Drafts that the program lacks are removed; published contracts stay. `examples` is called for
    new
    revisions.
    """
    updated = (
        [
            event(declared_contract, locks.events.get(key), examples=examples, stage=stage)
            for key, declared_contract in declared.events.items()
        ],
        [
            api(declared_contract, locks.apis.get(key), stage=stage)
            for key, declared_contract in declared.apis.items()
        ],
    )
    events = [
        declared_contract
        for declared_contract in updated[0]
        if declared_contract
        != locks.events.get((declared_contract.event, declared_contract.version))
    ]
    apis = [
        declared_contract
        for declared_contract in updated[1]
        if declared_contract != locks.apis.get(declared_contract.service)
    ]
    stored = [
        lock
        for key, contract in declared.data.items()
        if (lock := data(contract, locks.data.get(key), stage=stage)) != locks.data.get(key)
    ]
    return Changes((*events, *apis, *stored), tuple(_left(declared, locks)))


def published(
    declared: DeclaredContracts,
    locks: Locks,
    *,
    services: Collection[str],
    examples: Examples,
    stage: str,
) -> Changes:
    """Return the changes after a deployment of these services to the stage.

    Their events and routes become published there.
    """
    events = {key: contract for key, contract in declared.events.items() if _of(contract, services)}
    apis = {key: contract for key, contract in declared.apis.items() if key in services}
    stored = {
        key: contract for key, contract in declared.data.items() if contract.service in services
    }
    deployed = DeclaredContracts(events, apis, stored)
    updated = changes(deployed, locks, examples=examples, stage=stage)
    return replace(updated, removed=())


def event(
    declared: DeclaredEvent, lock: EventLock | None, *, examples: Examples, stage: str = ""
) -> EventLock:
    """Return the lock of one version, from the program and the existing lock."""
    same = lock is not None and lock.revision.hash == declared.revision.hash
    earlier = _earlier(declared.revision, lock)
    before = lock.published if lock else ()
    return EventLock(
        event=declared.event,
        version=declared.version,
        compatible=declared.compatible,
        revision=declared.revision,
        examples=lock.examples if lock and same else examples((declared.event, declared.version)),
        producers=declared.producers,
        consumers=_consumers(declared, lock, stage),
        published=tuple(sorted({*before, stage} - {""})),
        earlier=earlier,
        removed=members.removed(earlier, declared.revision) if earlier else (),
        accepted=_still_open(lock.accepted if lock else (), stage),
    )


def _consumers(declared: DeclaredEvent, lock: EventLock | None, stage: str) -> tuple[str, ...]:
    """Return the consumers of a version; until a deployment, those of the stages too."""
    running = lock.consumers if lock is not None and lock.published and not stage else ()
    return tuple(sorted({*declared.consumers, *running}))


def api(declared: DeclaredApi, lock: ApiLock | None, *, stage: str = "") -> ApiLock:
    """Return the lock of a service's routes."""
    before = lock.published if lock else ()
    stages = tuple(sorted({*before, stage} - {""}))
    accepted = _still_open(lock.accepted if lock else (), stage)
    return ApiLock(declared.service, declared.hash, declared.document, stages, accepted)


def data(declared: DeclaredData, lock: DataLock | None, *, stage: str = "") -> DataLock:
    """Return the lock of a table, a queue or a call."""
    before = lock.published if lock else ()
    return DataLock(
        kind=declared.kind,
        name=declared.name,
        form=declared.form,
        earlier=_earlier_forms(declared.form, lock),
        published=tuple(sorted({*before, stage} - {""})),
        accepted=_still_open(lock.accepted if lock else (), stage),
    )


def _still_open(accepted: Iterable[Acceptance], stage: str) -> tuple[Acceptance, ...]:
    """Return the acceptances after a deployment to the stage."""
    return tuple(
        replace(each, stages=tuple(name for name in each.stages if name != stage))
        for each in accepted
    )


def _earlier_forms(now: DataForm, lock: DataLock | None) -> tuple[DataForm, ...]:
    """Return the forms published before this form, the newest first, without equal meanings."""
    if lock is None or not lock.published:
        return ()
    if lock.form.hash == now.hash:
        return lock.earlier
    return tuple(form for form in (lock.form, *lock.earlier) if not revisions.same_data(form, now))


def _earlier(now: Revision, lock: EventLock | None) -> tuple[Revision, ...]:
    """Return the revisions published before this one, oldest first, without equal meanings."""
    if lock is None or not lock.published:
        return ()
    if lock.revision.hash == now.hash:
        return lock.earlier
    return tuple(
        revision
        for revision in (*lock.earlier, lock.revision)
        if not revisions.same_meaning(revision, now)
    )


def _of(event: DeclaredEvent, services: Collection[str]) -> bool:
    return any(
        function.partition(".")[0] in services for function in (*event.producers, *event.consumers)
    )


def _left(declared: DeclaredContracts, locks: Locks) -> Iterator[Lock]:
    yield from (
        lock for key, lock in locks.data.items() if key not in declared.data and not lock.published
    )
    yield from (
        lock
        for key, lock in locks.events.items()
        if key not in declared.events and not lock.published
    )
    yield from (
        lock for key, lock in locks.apis.items() if key not in declared.apis and not lock.published
    )
