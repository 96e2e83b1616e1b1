"""Accept deliberate breaks of published contracts, with a reason that the lock file keeps.

An acceptance opens the gate for the change that it names, in the stages that still run the contract
from before. A later break needs a reason of its own.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from oort.model.contracts import (
    Acceptance,
    ApiLock,
    DataForm,
    DataLock,
    DeclaredContracts,
    DeclaredData,
    EventLock,
    Finding,
    Lock,
    Locks,
    Weight,
)
from oort.rules.contracts.locks import Changes

# The way through a change of an event is a new version; only its end can be accepted.
_OF_EVENTS = frozenset({"contract.gone"})
# These prove that two branches made a revision, so that it is accepted with them.
_PROOFS = frozenset({"breaking", "unknown", "position"})
_ENDS = frozenset({"gone", "removed"})


def objections(findings: Iterable[Finding], subject: str, routes: Collection[str]) -> list[Finding]:
    """Return the objections about a subject, or about these routes of a service."""
    return [
        finding
        for finding in findings
        if finding.weight is Weight.OBJECTION
        and finding.subject == subject
        and (not routes or finding.route in routes)
    ]


def refused(accepted: Sequence[Finding]) -> list[Finding]:
    """Return the objections that cannot be accepted: an event changes by a new version."""
    return [
        finding
        for finding in accepted
        if finding.version is not None and finding.code not in _OF_EVENTS
    ]


def accept(
    declared: DeclaredContracts,
    locks: Locks,
    accepted: Sequence[Finding],
    reason: str,
    *,
    fits: Callable[[DeclaredData, DataForm], bool],
) -> Changes:
    """Return the changed lock files after the objections are accepted.

    Published forms that `fits` accepts stay: later changes must fit them too.
    """
    written = [
        lock
        for before in locks.all()
        if (lock := _accepted(before, declared, accepted, reason, fits)) != before
    ]
    return Changes(tuple(written), ())


def covers(lock: Lock | None, finding: Finding, *, stage: str) -> bool:
    """True if the lock accepts the break for the stage."""
    accepted = lock.accepted if lock is not None else ()
    code = finding.code.partition(".")[2]
    codes = {code, *(_PROOFS if code == "same-revision" else ())}
    return any(
        not codes.isdisjoint(each.codes) and each.route == finding.route and stage in each.stages
        for each in accepted
    )


def is_over(lock: Lock, route: str = "") -> bool:
    """True if the end of a contract, or of a route, is accepted in every stage that has it."""
    ended = {
        stage
        for each in lock.accepted
        if each.route == route and not _ENDS.isdisjoint(each.codes)
        for stage in each.stages
    }
    return bool(lock.published) and set(lock.published) <= ended


def _accepted(
    lock: Lock,
    declared: DeclaredContracts,
    accepted: Sequence[Finding],
    reason: str,
    fits: Callable[[DeclaredData, DataForm], bool],
) -> Lock:
    mine = [finding for finding in accepted if is_about(finding, lock)]
    if not mine:
        return lock
    entries = (*lock.accepted, *_entries(lock, mine, reason))
    match lock:
        case ApiLock():
            api = declared.apis.get(lock.service)
            if api is None:
                return replace(lock, accepted=entries)
            return replace(lock, accepted=entries, document=api.document, hash=api.hash)
        case DataLock():
            data = declared.data.get((lock.kind, lock.name))
            if data is None:
                return replace(lock, accepted=entries)
            kept = tuple(form for form in (lock.form, *lock.earlier) if fits(data, form))
            return replace(lock, accepted=entries, form=data.form, earlier=kept)
        case EventLock():
            return replace(lock, accepted=entries)


def is_about(finding: Finding, lock: Lock) -> bool:
    """True if the finding is about the contract in the lock."""
    match lock:
        case ApiLock(service=service):
            return finding.version is None and finding.kind is None and finding.subject == service
        case DataLock(kind=kind, name=name):
            return (finding.kind, finding.subject) == (kind, name)
        case EventLock(event=event, version=version):
            return (finding.subject, finding.version) == (event, version)


def _entries(lock: Lock, findings: Sequence[Finding], reason: str) -> Iterator[Acceptance]:
    for route in sorted({finding.route for finding in findings}):
        codes = {f.code.partition(".")[2] for f in findings if f.route == route}
        yield Acceptance(reason, tuple(sorted(codes)), lock.published, route)
