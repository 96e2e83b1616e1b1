"""What the lock files hold next: drafts follow the program, and of what is published the earlier revisions are kept."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace

from oort.model.contracts import (
    ApiLock,
    Declared,
    DeclaredApi,
    DeclaredEvent,
    EventLock,
    Locks,
    Revision,
    Version,
)
from oort.model.items import Value
from oort.rules.contracts import members, revisions

Examples = Callable[[Version], tuple[Value, ...]]


@dataclass(frozen=True, slots=True)
class Changes:
    """The lock files that are written, new ones among them, and those that go."""

    written: tuple[EventLock | ApiLock, ...]
    removed: tuple[EventLock | ApiLock, ...]

    def __bool__(self) -> bool:
        return bool(self.written or self.removed)


def event_file(event: str, version: int) -> str:
    """Where the lock of an event is, from the platform's folder.

    >>> event_file("accounts.signed-up", 1)
    'contracts/accounts.signed-up/1.json'
    """
    return f"contracts/{event}/{version}.json"


def api_file(service: str) -> str:
    """Where the lock of a service's routes is, from the platform's folder."""
    return f"contracts/{service}/openapi.json"


def changes(declared: Declared, locks: Locks, *, examples: Examples, stage: str = "") -> Changes:
    """What brings the lock files to what the program says. With a stage all of it is published there.

    Drafts of what the program has no more are removed; what was published stays. `examples` is asked for what is new.
    """
    every = (
        [
            event(one, locks.events.get(key), examples=examples, stage=stage)
            for key, one in declared.events.items()
        ],
        [api(one, locks.apis.get(key), stage=stage) for key, one in declared.apis.items()],
    )
    events = [one for one in every[0] if one != locks.events.get((one.event, one.version))]
    apis = [one for one in every[1] if one != locks.apis.get(one.service)]
    return Changes((*events, *apis), tuple(_left(declared, locks)))


def published(
    declared: Declared, locks: Locks, *, services: Collection[str], examples: Examples, stage: str
) -> Changes:
    """The locks after these services were deployed to the stage: what they publish, consume and answer is published there."""
    events = {key: one for key, one in declared.events.items() if _of(one, services)}
    apis = {key: one for key, one in declared.apis.items() if key in services}
    found = changes(Declared(events, apis), locks, examples=examples, stage=stage)
    return replace(found, removed=())


def event(
    declared: DeclaredEvent, lock: EventLock | None, *, examples: Examples, stage: str = ""
) -> EventLock:
    """The lock of one version, from the program and the lock that is there."""
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
        consumers=declared.consumers,
        published=tuple(sorted({*before, stage} - {""})),
        earlier=earlier,
        removed=members.removed(earlier, declared.revision) if earlier else (),
    )


def api(declared: DeclaredApi, lock: ApiLock | None, *, stage: str = "") -> ApiLock:
    """The lock of a service's routes."""
    before = lock.published if lock else ()
    stages = tuple(sorted({*before, stage} - {""}))
    return ApiLock(declared.service, declared.hash, declared.document, stages)


def _earlier(now: Revision, lock: EventLock | None) -> tuple[Revision, ...]:
    """What was published before this revision, the oldest first; each once, and never what means the same as this one."""
    if lock is None or not lock.published:
        return ()
    if lock.revision.hash == now.hash:
        return lock.earlier
    return tuple(
        one for one in (*lock.earlier, lock.revision) if not revisions.same_meaning(one, now)
    )


def _of(one: DeclaredEvent, services: Collection[str]) -> bool:
    return any(
        function.partition(".")[0] in services for function in (*one.producers, *one.consumers)
    )


def _left(declared: Declared, locks: Locks) -> Iterator[EventLock | ApiLock]:
    yield from (
        lock
        for key, lock in locks.events.items()
        if key not in declared.events and not lock.published
    )
    yield from (
        lock for key, lock in locks.apis.items() if key not in declared.apis and not lock.published
    )
