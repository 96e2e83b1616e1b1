"""Find differences between the events of a program and their locks.

Each change of a published version is checked in both directions and against every earlier revision
of the version. A change without proof is refused.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from oort.model.contracts import (
    DeclaredContracts,
    DeclaredEvent,
    EventLock,
    Finding,
    Locks,
    Revision,
    Version,
    Weight,
)
from oort.model.items import Value
from oort.rules.contracts import acceptances, first_versions, members, revisions
from oort.rules.contracts import locks as locking
from oort.rules.contracts.fits import Misfit, is_tag, misfit, misfits, shown
from oort.rules.contracts.locks import Examples

AHEAD = "running consumers would refuse new messages"
BEHIND = "the new consumers refuse published messages"
BREAKING = frozenset(
    {
        "contract.breaking",
        "contract.unknown",
        "contract.key",
        "contract.compatible",
        "contract.position",
    }
)

_LOCK = "Run oort contracts lock, and commit the files."


def findings(
    declared: DeclaredContracts, locks: Locks, *, examples: Examples = lambda _: ()
) -> Iterator[Finding]:
    """Yield all findings, by event and version. `examples` gives witnesses for changed events."""
    contracts = _AllContracts(declared, locks, examples)
    for key in sorted({*declared.events, *locks.events}):
        if key in declared.events:
            yield from _declared(declared.events[key], locks.events.get(key), contracts)
        elif not locks.events[key].published or not acceptances.is_over(locks.events[key]):
            yield _gone(locks.events[key], declared)
    for key in first_versions.without_earlier(declared.events, locks):
        what = first_versions.what(key)
        yield objection("contract.first", declared.events[key], what, first_versions.INSTEAD)


@dataclass(frozen=True, slots=True)
class _AllContracts:
    """All contracts of the program and its lock files."""

    declared: DeclaredContracts
    locks: Locks
    examples: Examples

    def forms(self, key: Version) -> list[DeclaredEvent | EventLock]:
        """Return the declared and the locked form of a version, if they exist."""
        return [
            form
            for form in (self.declared.events.get(key), self.locks.events.get(key))
            if form is not None
        ]

    def consumers(self, key: Version) -> tuple[str, ...]:
        """Return all readers of a version: its consumers, and consumers of other versions that get
        it converted."""
        name, version = key
        forms = self.forms(key)
        readers = {function for declared in forms for function in declared.consumers}
        oldest = min((declared.compatible for declared in forms), default=version)
        for (event, other_version), declared in self.declared.events.items():
            if event == name and (version in declared.reads or oldest <= other_version < version):
                readers |= set(declared.consumers)
        return tuple(sorted(readers))

    def revisions(self, key: Version) -> Iterable[Revision]:
        """Return the distinct revisions of a version. A draft has only the program's revision."""
        declared, lock = self.declared.events.get(key), self.locks.events.get(key)
        revisions = [declared.revision] if declared else []
        revisions += (
            [lock.revision, *lock.earlier] if lock and (lock.published or not declared) else []
        )
        return {revision.hash: revision for revision in revisions}.values()

    def is_proven(self, event: DeclaredEvent, older: Version) -> bool:
        """True if both versions are unchanged since they were locked: locking checks them."""
        lock, older_lock = (
            self.locks.events.get((event.event, event.version)),
            self.locks.events.get(older),
        )
        if lock is None or older_lock is None:
            return False
        unchanged = (lock.revision.hash, lock.compatible) == (event.revision.hash, event.compatible)
        now = self.declared.events.get(older)
        return unchanged and (now is None or now.revision.hash == older_lock.revision.hash)


def objection(code: str, contract: DeclaredEvent | EventLock, what: str, instead: str) -> Finding:
    """Return a finding that fails the check."""
    return _finding(Weight.OBJECTION, code, contract, what, instead)


def broken(
    unfit: Misfit,
    event: DeclaredEvent,
    *,
    side: str,
    refuses: str,
    readers: tuple[str, ...],
    lock: EventLock | None,
) -> Finding:
    """Return the finding for a change that does not fit, or without a proof."""
    finding = _finding(
        Weight.OBJECTION,
        "contract.breaking" if unfit.witness else "contract.unknown",
        event,
        _what(unfit, side),
        _advice(unfit, event, side=side, lock=lock),
    )
    return replace(shown(finding, unfit, side=side, refuses=refuses), consumers=readers)


def _declared(
    event: DeclaredEvent, lock: EventLock | None, contracts: _AllContracts
) -> Iterator[Finding]:
    changes: list[Finding] = []
    if lock is not None and lock.published:
        changes += _edits(event, lock, contracts)
    changes += _as_promised(event, contracts)
    changes += _gaps(event, contracts.locks)
    yield from changes
    if not any(finding.code in BREAKING for finding in changes):
        yield from _in_step(event, lock)
    yield from _idle(event, contracts)
    yield from _stranded(event, lock, contracts)


def _edits(event: DeclaredEvent, lock: EventLock, contracts: _AllContracts) -> Iterator[Finding]:
    """Find changes of a published version."""
    if lock.revision.hash == event.revision.hash:
        return  # the lock was judged against every earlier one when it was written
    readers = contracts.consumers((event.event, event.version))
    if lock.revision.key != event.revision.key:
        what = f"The key was {lock.revision.key} and is {event.revision.key}: messages in flight would change their order."
        instead = f'Keep key="{lock.revision.key}", or publish version {event.version + 1} with the other key.'
        yield replace(objection("contract.key", event, what, instead), consumers=readers)
    examples = {BEHIND: lock.examples, AHEAD: contracts.examples((event.event, event.version))}
    broken: set[str] = set()
    for side in (BEHIND, AHEAD):
        for finding in _one_way(event, lock, side=side, readers=readers, examples=examples[side]):
            broken.add(finding.pointer)
            yield finding
    for pointer, name in members.moved(lock.revision.writer, event.revision.writer):
        what = f"The position of {name} was {pointer}: older messages would be misread in silence."
        instead = f"Keep the order of the fields, or publish version {event.version + 1}."
        finding = objection("contract.position", event, what, instead)
        yield replace(finding, pointer=pointer, name=name, consumers=readers)
    for pointer, old, new in members.changed_defaults(lock.revision.reader, event.revision.reader):
        what = f"The default of {pointer} was {_plain(old)} and is {_plain(new)}."
        instead = "No message is refused, but one without the member now means something different: check that this is intended."
        finding = _finding(Weight.WARNING, "contract.default", event, what, instead)
        yield replace(finding, pointer=pointer, name=pointer.rpartition("/")[2], consumers=readers)
    for pointer in members.lost(lock.revision.writer, event.revision.writer):
        if pointer in broken:
            continue
        name = pointer.rpartition("/")[2]
        what = f"{pointer} is gone: consumers that still read it get its default for ever."
        instead = f"Keep {name}. If it was renamed, publish version {event.version + 1}."
        finding = _finding(Weight.WARNING, "contract.field-gone", event, what, instead)
        yield replace(finding, pointer=pointer, name=name, consumers=readers)


def _one_way(
    event: DeclaredEvent,
    lock: EventLock,
    *,
    side: str,
    readers: tuple[str, ...],
    examples: tuple[Value, ...],
) -> Iterator[Finding]:
    """Yield misfits of the newest incompatible revision, from the locked one backwards."""
    file = locking.event_file(event.event, event.version)
    for number, revision in enumerate((lock.revision, *reversed(lock.earlier))):
        if revision.hash == event.revision.hash:
            continue
        written, read = (revision, event.revision) if side == BEHIND else (event.revision, revision)
        which = f"in {file}" + (f" of the earlier revision {revision.hash[:19]}" if number else "")
        refuses = (
            "the reader schema of the class" if side == BEHIND else f"the reader schema {which}"
        )
        unfit = list(misfits(written.writer, read.reader, examples=examples))
        yield from (
            broken(each, event, side=side, refuses=refuses, readers=readers, lock=lock)
            for each in unfit
        )
        if unfit:
            return


def _as_promised(event: DeclaredEvent, contracts: _AllContracts) -> Iterator[Finding]:
    """Check that consumers of every version in `compatible` can read this version."""
    for version in range(event.compatible, event.version):
        key = (event.event, version)
        revisions = list(contracts.revisions(key))
        if not revisions and version == event.compatible:
            what = f"compatible={version} is declared, but version {version} is unknown."
            instead = (
                f"Keep the class or the lock file of version {version}, or remove compatible=."
            )
            yield objection("contract.compatible", event, what, instead)
        if revisions and not contracts.is_proven(event, key):
            yield from _promise(event, version, revisions, contracts)


def _promise(
    event: DeclaredEvent, version: int, revisions: list[Revision], contracts: _AllContracts
) -> Iterator[Finding]:
    examples = contracts.examples((event.event, event.version))
    misfits_found = (
        misfit(event.revision.writer, revision.reader, examples=examples) for revision in revisions
    )
    unfit = next((unfit for unfit in misfits_found if unfit), None)
    if unfit is not None:
        side, refuses = (
            f"consumers of version {version} refuse it",
            f"the reader schema of version {version}",
        )
        readers = contracts.consumers((event.event, version))
        finding = broken(unfit, event, side=side, refuses=refuses, readers=readers, lock=None)
        what = f"compatible={event.compatible} is declared, and {_what(unfit, side)}"
        instead = f"Remove compatible=, and write @downcast from version {event.version} to version {version}."
        yield replace(finding, code="contract.compatible", what=what, instead=instead)


def _gaps(event: DeclaredEvent, locks: Locks) -> Iterator[Finding]:
    """Find published older versions that cannot be converted for the consumers of this version."""
    if not event.consumers:
        return
    for version in range(1, event.version):
        lock = locks.events.get((event.event, version))
        if lock is None or not lock.published or acceptances.is_over(lock):
            continue
        if version not in event.reads:
            what = f"Version {version} was published, and no conversion leads to version {event.version}."
            instead = (
                f"Write @upcast from version {version}; its messages in flight would be parked."
            )
            yield replace(
                objection("contract.gap", event, what, instead), consumers=event.consumers
            )


def _in_step(event: DeclaredEvent, lock: EventLock | None) -> Iterator[Finding]:
    if lock is None:
        yield _finding(
            Weight.NOTE,
            "contract.unlocked",
            event,
            "The event is a draft, and not locked yet.",
            _LOCK,
        )
    elif locking.event(event, lock, examples=lambda _: lock.examples) != lock:
        if lock.published:
            what = "The event is published, and its lock file differs from the program; the change breaks nobody."
            yield _finding(Weight.WARNING, "contract.outdated", event, what, _LOCK)
        else:
            yield _finding(
                Weight.NOTE,
                "contract.draft",
                event,
                "The event is a draft, and its lock file is outdated.",
                _LOCK,
            )


def _gone(lock: EventLock, declared: DeclaredContracts) -> Finding:
    if not lock.published:
        return _finding(
            Weight.NOTE,
            "contract.left",
            lock,
            "The event is a draft, and no function uses its class any more.",
            _LOCK,
        )
    newer = [
        event
        for key, event in declared.events.items()
        if key[0] == lock.event and key[1] > lock.version
    ]
    upcast = f", with @upcast to version {newer[0].version}" if newer else ""
    instead = (
        f"Keep the class{upcast}. When the last message of this version is gone, say so: "
        f"oort contracts accept {lock.event} --reason '…'."
    )
    stages = " and ".join(lock.published)
    what = f"The event is published in {stages}, and no function of the program publishes, consumes or converts it any more."
    readers = sorted(
        {*lock.consumers, *(function for event in newer for function in event.consumers)}
    )
    return replace(objection("contract.gone", lock, what, instead), consumers=tuple(readers))


def _stranded(
    event: DeclaredEvent, lock: EventLock | None, contracts: _AllContracts
) -> Iterator[Finding]:
    """Find consumers of the stages that are gone: their queues have the names of the functions."""
    if lock is None or not lock.published:
        return
    consuming = {
        function
        for (name, _), declared in contracts.declared.events.items()
        if name == event.event
        for function in declared.consumers
    }
    for function in lock.consumers:
        if function not in consuming:
            what = f"{function} consumes it in a stage, and is gone or has another name: its waiting events would never be handled."
            instead = (
                "Keep the name of the function until its queue is empty; oort queues list shows it."
            )
            yield _finding(Weight.WARNING, "contract.consumer", event, what, instead)


def _idle(event: DeclaredEvent, contracts: _AllContracts) -> Iterator[Finding]:
    """Find conversions to versions without consumers."""
    for version in event.converted:
        between = (
            form
            for between_version in range(version, event.version)
            for form in contracts.forms((event.event, between_version))
        )
        if not any(form.consumers for form in between):
            what = (
                f"@downcast leads to version {version}, and this version has no consumer any more."
            )
            instead = (
                "When every stage runs this program, remove the @downcast: every event carries a "
                f"copy for version {version}."
            )
            yield _finding(Weight.WARNING, "contract.downcast", event, what, instead)


def _finding(
    weight: Weight, code: str, contract: DeclaredEvent | EventLock, what: str, instead: str
) -> Finding:
    source = contract.source if isinstance(contract, DeclaredEvent) else None
    return Finding(
        weight=weight,
        code=code,
        subject=contract.event,
        version=contract.version,
        what=what,
        instead=instead,
        source=source,
    )


def _plain(value: Value) -> str:
    return revisions.canonical(value).decode()


def _what(unfit: Misfit, side: str) -> str:
    where = f"{unfit.name}: " if unfit.name else ""
    if unfit.witness is None:
        return f"{where}it cannot be decided whether {side}; this counts as a break."
    return f"{where}{side}."


def _advice(unfit: Misfit, event: DeclaredEvent, *, side: str, lock: EventLock | None) -> str:
    newer = event.version + 1
    version = f"publish version {newer} with @upcast from version {event.version} and @downcast back to it"
    if lock is not None and any(
        gone.pointer.rpartition("/")[2] == unfit.name for gone in lock.removed
    ):
        return f"Earlier messages hold {unfit.name} with another schema: give the field another name, or {version}."
    if unfit.witness is None:
        return f"Use simpler types, or {version}."
    if side == BEHIND and is_tag(event.revision.reader, unfit):
        return f"Keep {unfit.name}, the tag of a union, as it was, or {version}."
    if unfit.schema.endswith("/required"):
        keep = f"Keep {unfit.name}" if side == AHEAD else f"Give {unfit.name} a default"
        return f"{keep}, or {version}."
    return f"Keep {unfit.name or 'the schema'} as it was, or {version}."
