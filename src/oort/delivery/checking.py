"""Compare the contracts of a program with the lock files, and update the lock files."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from oort.app.documents import declared_contracts
from oort.app.documents.declared_contracts import Kinds, Types
from oort.app.loading.projects import Project
from oort.app.programs import Program
from oort.delivery import field_lines, lockfiles
from oort.model.contracts import DeclaredContracts, Finding, Locks, Version, Weight
from oort.model.errors import InvalidProgram
from oort.model.items import Value
from oort.rules.contracts import acceptances, api_changes, data_changes, event_changes
from oort.rules.contracts import locks as locking
from oort.rules.contracts.locks import Changes, Examples

# Findings that do not forbid writing the lock files: writing solves them or does not touch them.
_MILD = frozenset({"contract.gone", "contract.gap", "data.gone"})
_OUTDATED = frozenset({"contract.outdated", "api.outdated", "data.outdated"})


@dataclass(frozen=True, slots=True)
class Checked:
    """The declared contracts, the locked contracts and the findings of the comparison."""

    folder: Path
    declared: DeclaredContracts
    kinds: Kinds
    types: Types
    locks: Locks
    findings: tuple[Finding, ...]

    def located(self, finding: Finding) -> Finding:
        """Return the finding with its place in the source."""
        return field_lines.with_source(finding, self.kinds, self.types, self.folder)

    @property
    def objections(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.weight is Weight.OBJECTION)

    @property
    def outdated(self) -> tuple[Finding, ...]:
        """Findings about published contracts with an old lock file; the change breaks nobody."""
        return tuple(finding for finding in self.findings if finding.code in _OUTDATED)

    @property
    def refuses_lock(self) -> bool:
        """Writing the lock files would break a published contract."""
        return any(finding.code not in _MILD for finding in self.objections)


def check(project: Project, program: Program, *, locks: Locks | None = None) -> Checked:
    """Compare the program with the lock files, or with these locks.

    UnreadableContract for a damaged lock file, InvalidProgram for a type without a schema.
    """
    with _without_garbage_collection():
        locks = lockfiles.read(project.folder) if locks is None else locks
        declared, kinds = declared_contracts.declared(program), declared_contracts.kinds(program)
        findings = [
            *event_changes.findings(declared, locks, examples=_examples_or_none(kinds)),
            *api_changes.findings(declared, locks),
            *data_changes.findings(declared, locks),
        ]
        types = declared_contracts.types(program)
    checked = Checked(project.folder, declared, kinds, types, locks, ())
    return replace(checked, findings=tuple(map(checked.located, findings)))


def stale(checked: Checked) -> list[str]:
    """Return the lock files that `lock` would write or remove. A build accepts none."""
    make = _examples_or_none(checked.kinds)
    changes = locking.changes(checked.declared, checked.locks, examples=make)
    complete = lockfiles.complete(checked.folder, changes, checked.locks)
    return sorted(map(locking.path, (*complete.written, *complete.removed)))


def lock(checked: Checked, *, stage: str = "") -> Changes:
    """Write the lock files and return the changes. With a stage, mark all contracts as published
    there.

    Call this only if `checked.refuses_lock` is false.
    """
    make = declared_contracts.example(checked.kinds)
    changes = locking.changes(checked.declared, checked.locks, examples=make, stage=stage)
    changes = lockfiles.complete(checked.folder, changes, checked.locks)
    lockfiles.write(checked.folder, changes)
    return changes


def accept(checked: Checked, accepted: Sequence[Finding], *, reason: str) -> Changes:
    """Accept these objections, write the lock files and return the changes."""
    changes = acceptances.accept(
        checked.declared, checked.locks, accepted, reason, fits=data_changes.fits
    )
    changes = lockfiles.complete(checked.folder, changes, checked.locks)
    lockfiles.write(checked.folder, changes)
    return changes


def publish(checked: Checked, *, services: Sequence[str], stage: str) -> Changes:
    """Mark the contracts of deployed services as published in the stage and return the changes.

    A platform without lock files gets none.
    """
    if not checked.locks:
        return Changes((), ())
    make = declared_contracts.example(checked.kinds)
    changes = locking.published(
        checked.declared, checked.locks, services=services, examples=make, stage=stage
    )
    lockfiles.write(checked.folder, changes)
    return changes


def _examples_or_none(kinds: Kinds) -> Examples:
    """Return examples for reports. A version without an example gives (): only `lock` needs one."""
    make = declared_contracts.example(kinds)

    def example_or_empty(key: Version) -> tuple[Value, ...]:
        try:
            return make(key)
        except InvalidProgram:
            return ()

    return example_or_empty


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Pause garbage collection: collecting among thousands of schemas takes a third of the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()
