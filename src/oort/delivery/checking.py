"""Holds the contracts of a program against its lock files, and brings those to what the program says. Prints nothing."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from oort.app.documents import declared_contracts
from oort.app.documents.declared_contracts import Kinds
from oort.app.loading.projects import Project
from oort.app.programs import Program
from oort.delivery import fieldlines, lockfiles
from oort.model.contracts import Declared, Finding, Locks, Version, Weight
from oort.model.errors import InvalidProgram
from oort.model.items import Value
from oort.rules.contracts import api_changes, event_changes
from oort.rules.contracts import locks as locking
from oort.rules.contracts.locks import Changes, Examples

# What does not keep a lock from being written: it is put right by that, or has nothing to do with what is written.
_MILD = frozenset({"contract.gone", "contract.gap"})
_OUTDATED = frozenset({"contract.outdated", "api.outdated"})


@dataclass(frozen=True, slots=True)
class Checked:
    """What a program declares, what is locked, and everything that was found of the two."""

    folder: Path
    declared: Declared
    kinds: Kinds
    locks: Locks
    findings: tuple[Finding, ...]

    @property
    def objections(self) -> tuple[Finding, ...]:
        """What fails the check."""
        return tuple(one for one in self.findings if one.weight is Weight.OBJECTION)

    @property
    def outdated(self) -> tuple[Finding, ...]:
        """Where the lock of what is published is not what the program says, although nobody would break."""
        return tuple(one for one in self.findings if one.code in _OUTDATED)

    @property
    def refuses_lock(self) -> bool:
        """Whether something that is published would be broken by what would be locked."""
        return any(one.code not in _MILD for one in self.objections)


def check(project: Project, program: Program) -> Checked:
    """Everything that is found. UnreadableContract for a damaged lock file, InvalidProgram for a type without a schema."""
    with _uncollected():
        locks = lockfiles.read(project.folder)
        declared, kinds = declared_contracts.declared(program), declared_contracts.kinds(program)
        found = [
            *event_changes.findings(declared, locks, examples=_shown(kinds)),
            *api_changes.findings(declared, locks),
        ]
    placed = tuple(fieldlines.placed(one, kinds, project.folder) for one in found)
    return Checked(project.folder, declared, kinds, locks, placed)


def lock(checked: Checked, *, stage: str = "") -> Changes:
    """Write the lock files as the program says, published in the stage if one is named; what was written and removed.

    Only after a check that does not refuse it.
    """
    make = declared_contracts.example(checked.kinds)
    found = locking.changes(checked.declared, checked.locks, examples=make, stage=stage)
    lockfiles.write(checked.folder, found)
    return found


def publish(checked: Checked, *, services: Sequence[str], stage: str) -> Changes:
    """Mark the contracts of services as published in the stage, after they were deployed; what was written.

    A platform without lock files gets none.
    """
    if not checked.locks:
        return Changes((), ())
    make = declared_contracts.example(checked.kinds)
    found = locking.published(
        checked.declared, checked.locks, services=services, examples=make, stage=stage
    )
    lockfiles.write(checked.folder, found)
    return found


def _shown(kinds: Kinds) -> Examples:
    """An example of a version for a report; none if it has none, which is for those who lock it."""
    make = declared_contracts.example(kinds)

    def shown(key: Version) -> tuple[Value, ...]:
        try:
            return make(key)
        except InvalidProgram:
            return ()

    return shown


@contextmanager
def _uncollected() -> Iterator[None]:
    """No collection of garbage inside: there is none among thousands of schemas, and looking takes a third of the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()
