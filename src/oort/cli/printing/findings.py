"""How findings about contracts are printed: as a report for people, and as JSON; and which lock files were written."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from oort.cli.printing import output
from oort.model.contracts import Finding, Weight

if TYPE_CHECKING:
    from oort.rules.contracts.locks import Changes

_WIDTH = 400  # of a witness: the whole one is in the JSON
_STYLES = {Weight.OBJECTION: "red", Weight.WARNING: "yellow", Weight.NOTE: "dim"}


def report(findings: Sequence[Finding]) -> str:
    """Every finding with its place, proof, victims and remedy; objections first, and those of one contract together."""
    heavy = [
        one
        for weight in (Weight.OBJECTION, Weight.WARNING)
        for one in findings
        if one.weight is weight
    ]
    notes: dict[tuple[str, str], list[Finding]] = {}
    for one in findings:
        if one.weight is Weight.NOTE:
            notes.setdefault((one.what, one.instead), []).append(one)
    return "\n\n".join([*map(_told, heavy), *map(_noted, notes.values())])


def documents(findings: Iterable[Finding]) -> list[dict[str, object]]:
    """The findings as JSON. `witness` holds the document itself, and is left out where there is none: it may be null."""
    return [_document(one) for one in findings]


def changes(folder: Path, written: "Changes", *, say: Callable[[str], object]) -> None:
    """Say which lock files were written and removed."""
    from oort.delivery import lockfiles

    for lock in written.written:
        say(f"{output.relative(folder / lockfiles.path(lock))} {_state(lock.published)}")
    for lock in written.removed:
        say(f"{output.relative(folder / lockfiles.path(lock))} removed")
    say("Commit them." if written else "The lock files are in step.")


def _state(published: tuple[str, ...]) -> str:
    return f"published in {', '.join(published)}" if published else "draft"


def _told(one: Finding) -> str:
    place = f"{output.relative(one.source.file)}:{one.source.line}: " if one.source else ""
    lines = [f"{place}{_subject(one)}: {one.what}"]
    if one.pointer:
        lines.append(f"    field       {one.name} ({one.pointer})")
    if one.witness is not None:
        lines.append(f"    refused     {_short(one.witness[0])}")
    if one.refuses:
        lines.append(f"    by          {one.refuses}")
    if one.consumers:
        label = "would break" if one.weight is Weight.OBJECTION else "read by    "
        lines.append(f"    {label} {_services(one.consumers)}")
    lines.append(f"    {one.instead} [{one.code}]")
    lines[0] = f"{output.paint(one.weight.value, _STYLES[one.weight])} {lines[0]}"
    return "\n".join(lines)


def _noted(same: Sequence[Finding]) -> str:
    """One remark about many contracts."""
    subjects = ", ".join(map(_subject, same))
    return f"{output.paint('note', 'dim')} {subjects}: {same[0].what} {same[0].instead}"


def _subject(one: Finding) -> str:
    if one.version is not None:
        return f"{one.subject} version {one.version}"
    return one.route or f"routes of {one.subject}"


def _services(functions: Iterable[str]) -> str:
    """`analytics (count), email (welcome)`."""
    found: dict[str, list[str]] = {}
    for function in functions:
        service, _, name = function.partition(".")
        found.setdefault(service, []).append(name)
    return ", ".join(f"{service} ({', '.join(names)})" for service, names in sorted(found.items()))


def _short(witness: object) -> str:
    text = output.one_line(msgspec.json.encode(witness).decode())
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}… (all of it with --json)"


def _document(one: Finding) -> dict[str, object]:
    whole: dict[str, object] = {
        "weight": one.weight.value,
        "code": one.code,
        "event" if one.version is not None else "service": one.subject,
        "version": one.version,
        "route": one.route or None,
        "pointer": one.pointer or None,
        "field": one.name or None,
        "file": output.relative(one.source.file) if one.source else None,
        "line": one.source.line if one.source else None,
        "what": one.what,
        "side": one.side or None,
        "refused_by": one.refuses or None,
        "consumers": list(one.consumers),
        "instead": one.instead,
    }
    return {name: value for name, value in whole.items() if value is not None} | (
        {} if one.witness is None else {"witness": one.witness[0]}
    )
