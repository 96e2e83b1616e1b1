"""What is wrong between the events of a program and their locks. Every change of what is published is judged both ways and
against every earlier revision of the same version; what cannot be proven is refused.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from oort.model.contracts import (
    Declared,
    DeclaredEvent,
    EventLock,
    Finding,
    Locks,
    Revision,
    Version,
    Weight,
)
from oort.model.items import Value
from oort.rules.contracts import locks as locking
from oort.rules.contracts import members, revisions
from oort.rules.contracts.fits import Misfit, misfit, misfits
from oort.rules.contracts.locks import Examples

AHEAD = "consumers that run now refuse what would be published"
BEHIND = "the new consumers refuse what was published"
BREAKING = frozenset(
    {"contract.breaking", "contract.unknown", "contract.key", "contract.compatible"}
)

_LOCK = "Run oort contracts lock, and commit what it writes."


def findings(
    declared: Declared, locks: Locks, *, examples: Examples = lambda _: ()
) -> Iterator[Finding]:
    """Everything that is found, by event and version. `examples` is asked about what changed, for witnesses."""
    whole = _Whole(declared, locks, examples)
    for key in sorted({*declared.events, *locks.events}):
        if key in declared.events:
            yield from _declared(declared.events[key], locks.events.get(key), whole)
        else:
            yield _gone(locks.events[key], declared)


@dataclass(frozen=True, slots=True)
class _Whole:
    """Everything that one version is judged by."""

    declared: Declared
    locks: Locks
    examples: Examples

    def held(self, key: Version) -> list[DeclaredEvent | EventLock]:
        """The version as the program declares it and as it is locked, as far as it is."""
        return [
            one
            for one in (self.declared.events.get(key), self.locks.events.get(key))
            if one is not None
        ]

    def consumers(self, key: Version) -> tuple[str, ...]:
        """Who reads that version: its own consumers, and those of other versions that it is handed to as well."""
        name, version = key
        held = self.held(key)
        found = {function for one in held for function in one.consumers}
        oldest = min((one.compatible for one in held), default=version)
        for (event, other), one in self.declared.events.items():
            if event == name and (version in one.reads or oldest <= other < version):
                found |= set(one.consumers)
        return tuple(sorted(found))

    def revisions(self, key: Version) -> Iterable[Revision]:
        """What that version is and was, each once. A draft is nothing but what the program says."""
        one, lock = self.declared.events.get(key), self.locks.events.get(key)
        found = [one.revision] if one else []
        found += [lock.revision, *lock.earlier] if lock and (lock.published or not one) else []
        return {revision.hash: revision for revision in found}.values()

    def is_proven(self, one: DeclaredEvent, older: Version) -> bool:
        """Whether nothing has changed since the two were locked, which refuses what does not fit."""
        lock, other = self.locks.events.get((one.event, one.version)), self.locks.events.get(older)
        if lock is None or other is None:
            return False
        unchanged = (lock.revision.hash, lock.compatible) == (one.revision.hash, one.compatible)
        now = self.declared.events.get(older)
        return unchanged and (now is None or now.revision.hash == other.revision.hash)


def objection(code: str, one: DeclaredEvent | EventLock, what: str, instead: str) -> Finding:
    """A finding about a version of an event that fails the check."""
    return _finding(Weight.OBJECTION, code, one, what, instead)


def broken(
    unfit: Misfit,
    one: DeclaredEvent,
    *,
    side: str,
    refuses: str,
    readers: tuple[str, ...],
    lock: EventLock | None,
) -> Finding:
    """The finding for a change that does not fit, or is not known to."""
    told = _finding(
        Weight.OBJECTION,
        "contract.breaking" if unfit.witness else "contract.unknown",
        one,
        _told(unfit, side),
        _advice(unfit, one, side=side, lock=lock),
    )
    return replace(
        told,
        pointer=unfit.pointer,
        name=unfit.name,
        holder=unfit.holder,
        witness=unfit.witness,
        refuses=refuses,
        side=side,
        consumers=readers,
    )


def _declared(one: DeclaredEvent, lock: EventLock | None, whole: _Whole) -> Iterator[Finding]:
    found: list[Finding] = []
    if lock is not None and lock.published:
        found += _edits(one, lock, whole)
    found += _as_promised(one, whole)
    found += _gaps(one, whole.locks)
    yield from found
    if not any(finding.code in BREAKING for finding in found):
        yield from _in_step(one, lock)
    yield from _idle(one, whole)


def _edits(one: DeclaredEvent, lock: EventLock, whole: _Whole) -> Iterator[Finding]:
    """What changed in a version that is published."""
    if lock.revision.hash == one.revision.hash:
        return  # the lock was judged against every earlier one when it was written
    readers = whole.consumers((one.event, one.version))
    if lock.revision.key != one.revision.key:
        what = f"The key was {lock.revision.key} and is {one.revision.key}: the order of what is under way would change."
        instead = f'Keep key="{lock.revision.key}", or publish version {one.version + 1} with the other key.'
        yield replace(objection("contract.key", one, what, instead), consumers=readers)
    shown = {BEHIND: lock.examples, AHEAD: whole.examples((one.event, one.version))}
    for side in (BEHIND, AHEAD):
        yield from _one_way(one, lock, side=side, readers=readers, examples=shown[side])
    for pointer, old, new in members.changed_defaults(lock.revision.reader, one.revision.reader):
        what = f"The default of {pointer} was {_plain(old)} and is {_plain(new)}."
        instead = "Nobody refuses it, but a message without the member means something else now: is that meant?"
        told = _finding(Weight.WARNING, "contract.default", one, what, instead)
        yield replace(told, pointer=pointer, name=pointer.rpartition("/")[2], consumers=readers)


def _one_way(
    one: DeclaredEvent,
    lock: EventLock,
    *,
    side: str,
    readers: tuple[str, ...],
    examples: tuple[Value, ...],
) -> Iterator[Finding]:
    """What does not fit of the first revision that does not, from the one that is locked back to the first."""
    file = locking.event_file(one.event, one.version)
    for number, other in enumerate((lock.revision, *reversed(lock.earlier))):
        if other.hash == one.revision.hash:
            continue
        written, read = (other, one.revision) if side == BEHIND else (one.revision, other)
        which = f"in {file}" + (f" of the earlier revision {other.hash[:19]}" if number else "")
        refuses = (
            "the reader schema of the class" if side == BEHIND else f"the reader schema {which}"
        )
        unfit = list(misfits(written.writer, read.reader, examples=examples))
        yield from (
            broken(each, one, side=side, refuses=refuses, readers=readers, lock=lock)
            for each in unfit
        )
        if unfit:
            return


def _as_promised(one: DeclaredEvent, whole: _Whole) -> Iterator[Finding]:
    """Whether consumers of every version that it says it is compatible with can read it."""
    for version in range(one.compatible, one.version):
        key = (one.event, version)
        known = list(whole.revisions(key))
        if not known and version == one.compatible:
            what = f"compatible={version} is declared, and nothing says what version {version} is."
            instead = (
                f"Keep the class or the lock file of version {version}, or leave compatible= away."
            )
            yield objection("contract.compatible", one, what, instead)
        if known and not whole.is_proven(one, key):
            yield from _promise(one, version, known, whole)


def _promise(
    one: DeclaredEvent, version: int, known: list[Revision], whole: _Whole
) -> Iterator[Finding]:
    shown = whole.examples((one.event, one.version))
    found = (misfit(one.revision.writer, other.reader, examples=shown) for other in known)
    unfit = next((one for one in found if one), None)
    if unfit is not None:
        side, refuses = (
            f"consumers of version {version} refuse it",
            f"the reader schema of version {version}",
        )
        readers = whole.consumers((one.event, version))
        told = broken(unfit, one, side=side, refuses=refuses, readers=readers, lock=None)
        what = f"compatible={one.compatible} is declared, and {_told(unfit, side)}"
        instead = f"Leave compatible= away, and write @downcast from version {one.version} to version {version}."
        yield replace(told, code="contract.compatible", what=what, instead=instead)


def _gaps(one: DeclaredEvent, locks: Locks) -> Iterator[Finding]:
    """Older versions that were published and do not lead to what its consumers know."""
    if not one.consumers:
        return
    for version in range(1, one.version):
        lock = locks.events.get((one.event, version))
        if lock is not None and lock.published and version not in one.reads:
            what = f"Version {version} was published, and nothing leads from there to version {one.version}."
            instead = f"Write @upcast from version {version}; what is still under way of it would be parked."
            yield replace(objection("contract.gap", one, what, instead), consumers=one.consumers)


def _in_step(one: DeclaredEvent, lock: EventLock | None) -> Iterator[Finding]:
    if lock is None:
        yield _finding(
            Weight.NOTE, "contract.unlocked", one, "It is a draft, and not locked yet.", _LOCK
        )
    elif locking.event(one, lock, examples=lambda _: lock.examples) != lock:
        if lock.published:
            what = "It is published, and its lock file is not what the program says; the change breaks nobody."
            yield _finding(Weight.WARNING, "contract.outdated", one, what, _LOCK)
        else:
            yield _finding(
                Weight.NOTE,
                "contract.draft",
                one,
                "It is a draft, and its lock file is an old one.",
                _LOCK,
            )


def _gone(lock: EventLock, declared: Declared) -> Finding:
    file = locking.event_file(lock.event, lock.version)
    if not lock.published:
        return _finding(
            Weight.NOTE,
            "contract.left",
            lock,
            "It is a draft, and no function uses its class any more.",
            _LOCK,
        )
    newer = [
        one
        for key, one in declared.events.items()
        if key[0] == lock.event and key[1] > lock.version
    ]
    upcast = f", with @upcast to version {newer[0].version}" if newer else ""
    instead = (
        f"Keep the class{upcast}; when the last message of this version is gone, delete {file}."
    )
    stages = " and ".join(lock.published)
    what = f"It is published in {stages}, and no function of the program publishes, consumes or converts it any more."
    readers = sorted({*lock.consumers, *(function for one in newer for function in one.consumers)})
    return replace(objection("contract.gone", lock, what, instead), consumers=tuple(readers))


def _idle(one: DeclaredEvent, whole: _Whole) -> Iterator[Finding]:
    """Conversions to versions that nobody knows any more."""
    for version in one.converted:
        between = (
            held for other in range(version, one.version) for held in whole.held((one.event, other))
        )
        if not any(held.consumers for held in between):
            what = f"@downcast leads to version {version}, and no consumer of it is left."
            instead = f"Take the @downcast away: every event carries a copy for version {version}."
            yield _finding(Weight.WARNING, "contract.downcast", one, what, instead)


def _finding(
    weight: Weight, code: str, one: DeclaredEvent | EventLock, what: str, instead: str
) -> Finding:
    source = one.source if isinstance(one, DeclaredEvent) else None
    return Finding(
        weight=weight,
        code=code,
        subject=one.event,
        version=one.version,
        what=what,
        instead=instead,
        source=source,
    )


def _plain(value: Value) -> str:
    return revisions.canonical(value).decode()


def _told(unfit: Misfit, side: str) -> str:
    where = f"{unfit.name}: " if unfit.name else ""
    if unfit.witness is None:
        return f"{where}it cannot be decided whether {side}; that is refused like a no."
    return f"{where}{side}."


def _advice(unfit: Misfit, one: DeclaredEvent, *, side: str, lock: EventLock | None) -> str:
    newer = one.version + 1
    version = (
        f"publish version {newer} with @upcast from version {one.version} and @downcast back to it"
    )
    if lock is not None and any(
        gone.pointer.rpartition("/")[2] == unfit.name for gone in lock.removed
    ):
        return f"Earlier messages hold {unfit.name} with another schema: give the field another name, or {version}."
    if unfit.witness is None:
        return f"Write it in plainer types, or {version}."
    if unfit.schema.endswith("/required"):
        keep = f"Keep {unfit.name}" if side == AHEAD else f"Give {unfit.name} a default"
        return f"{keep}, or {version}."
    return f"Keep {unfit.name or 'the schema'} as it was, or {version}."
