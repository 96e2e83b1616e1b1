"""Print findings about contracts, as text and as JSON, and print changed lock files."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from oort.cli.printing import output
from oort.model.contracts import Finding, Lock, Locks, Weight

if TYPE_CHECKING:
    from oort.rules.contracts.locks import Changes

_WIDTH = 400  # of a witness; the JSON output is not cut
_STYLES = {Weight.OBJECTION: "red", Weight.WARNING: "yellow", Weight.NOTE: "dim"}


def report(findings: Sequence[Finding]) -> str:
    """Format the findings: objections first, notes with the same text together."""
    heavy = [
        finding
        for weight in (Weight.OBJECTION, Weight.WARNING)
        for finding in findings
        if finding.weight is weight
    ]
    notes: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        if finding.weight is Weight.NOTE:
            notes.setdefault((finding.what, finding.instead), []).append(finding)
    return "\n\n".join([*map(_heading, heavy), *map(_noted, notes.values())])


def documents(findings: Iterable[Finding]) -> list[dict[str, object]]:
    """Return the findings as JSON. `witness` is left out if missing, since it may be null."""
    return [_document(finding) for finding in findings]


def changes(
    folder: Path,
    written: "Changes",
    *,
    before: Locks,
    say: Callable[[str], object],
    stage: str = "",
    marked: str = "published in",
) -> None:
    """Print the written and removed lock files. `before` are the lock files until now.

    `stage` is the stage that got the contracts, and `marked` the words for this.
    """
    from oort.rules.contracts import locks

    for lock in written.written:
        state = _state(lock, before.before(lock), stage=stage, marked=marked)
        say(f"{output.relative(folder / locks.path(lock))} {state}")
    for lock in written.removed:
        say(f"{output.relative(folder / locks.path(lock))} removed")
    say("Commit them." if written else "The lock files are up to date.")


def _state(lock: Lock, before: Lock | None, *, stage: str, marked: str) -> str:
    """`published in prod; an earlier form in test`."""
    from oort.rules.contracts import locks

    standing = locks.standing(lock, before, stage=stage)
    words = {
        marked if stage in standing.present else "published in": standing.present,
        "an earlier form in": standing.earlier,
        "this or an earlier form in": standing.either,
    }
    parts = [f"{text} {', '.join(names)}" for text, names in words.items() if names]
    return "; ".join(parts) or "draft"


def _heading(finding: Finding) -> str:
    location = (
        f"{output.relative(finding.source.file)}:{finding.source.line}: " if finding.source else ""
    )
    lines = [f"{location}{subject(finding)}: {finding.what}"]
    if finding.pointer:
        lines.append(f"    field       {finding.name} ({finding.pointer})")
    if finding.witness is not None:
        lines.append(f"    refused     {_short(finding.witness[0])}")
    if finding.refuses:
        lines.append(f"    by          {finding.refuses}")
    if finding.consumers:
        label = "would break" if finding.weight is Weight.OBJECTION else "read by    "
        lines.append(f"    {label} {_services(finding.consumers)}")
    lines.append(f"    {finding.instead} [{finding.code}]")
    lines[0] = f"{output.paint(finding.weight.value, _STYLES[finding.weight])} {lines[0]}"
    return "\n".join(lines)


def _noted(same: Sequence[Finding]) -> str:
    """Format the same note about several contracts."""
    subjects = ", ".join(map(subject, same))
    return f"{output.paint('note', 'dim')} {subjects}: {same[0].what} {same[0].instead}"


def subject(finding: Finding) -> str:
    """Return the contract that a finding is about, for people."""
    if finding.version is not None:
        return f"{finding.subject} version {finding.version}"
    if finding.kind is not None:
        return f"{finding.kind} {finding.subject}"
    return finding.route or f"routes of {finding.subject}"


def _services(functions: Iterable[str]) -> str:
    """`analytics (count), email (welcome)`."""
    by_service: dict[str, list[str]] = {}
    for function in functions:
        service, _, name = function.partition(".")
        by_service.setdefault(service, []).append(name)
    return ", ".join(
        f"{service} ({', '.join(names)})" for service, names in sorted(by_service.items())
    )


def _short(witness: object) -> str:
    text = output.one_line(msgspec.json.encode(witness).decode())
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}… (all of it with --json)"


def _subject_member(finding: Finding) -> str:
    if finding.version is not None:
        return "event"
    return "service" if finding.kind is None else finding.kind.value


def _document(finding: Finding) -> dict[str, object]:
    document: dict[str, object] = {
        "weight": finding.weight.value,
        "code": finding.code,
        _subject_member(finding): finding.subject,
        "version": finding.version,
        "route": finding.route or None,
        "pointer": finding.pointer or None,
        "field": finding.name or None,
        "file": output.relative(finding.source.file) if finding.source else None,
        "line": finding.source.line if finding.source else None,
        "what": finding.what,
        "side": finding.side or None,
        "refused_by": finding.refuses or None,
        "consumers": list(finding.consumers),
        "instead": finding.instead,
    }
    return {name: value for name, value in document.items() if value is not None} | (
        {} if finding.witness is None else {"witness": finding.witness[0]}
    )
