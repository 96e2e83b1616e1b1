"""Find changes that would misread stored items, waiting messages, or the other side of a call.

Old and new programs run at the same time, and a deployment can be rolled back: so each must read
what the other writes. Stored items keep their form until an upgrade or the next write.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from oort.model.contracts import (
    DataForm,
    DataLock,
    DeclaredContracts,
    DeclaredData,
    Finding,
    Locks,
    RunningData,
    Schemas,
    Weight,
)
from oort.model.resources import Kind
from oort.rules.contracts import acceptances, members, same_revision
from oort.rules.contracts import locks as locking
from oort.rules.contracts.fits import Misfit, is_tag, misfits, shown

_LOCK = "Run oort contracts lock, and commit the files."
_WORDS = {
    Kind.TABLE: ("stored items", "write an upgrade: @service.table(…, upgrades=[…])"),
    Kind.QUEUE: ("waiting messages", "write an upgrade: @service.queue(…, upgrades=[…])"),
    Kind.CALL: ("services that run now", "declare a version beside it: @call(…, version=2)"),
}
_AFTER = {
    Kind.TABLE: "After a rollback, and while both run, the program before cannot read the items that this program writes.",
    Kind.QUEUE: "After a rollback, and while both run, the program before parks the messages that this program sends.",
}


def findings(declared: DeclaredContracts, locks: Locks) -> Iterator[Finding]:
    """Yield all findings, by kind and name."""
    for name in sorted({*declared.data, *locks.data}):
        data, lock = declared.data.get(name), locks.data.get(name)
        if data is None:
            if not acceptances.is_over(locks.data[name]):
                yield _gone(locks.data[name])
        elif lock is None:
            what = f"The {data.kind} is a draft, and not locked yet."
            yield _finding(Weight.NOTE, "data.unlocked", data, what, _LOCK)
        else:
            file = locking.path(lock)
            edits = list(changes(data, [lock.form, *lock.earlier], file)) if lock.published else []
            yield from edits
            broken = any(finding.weight is Weight.OBJECTION for finding in edits)
            if lock.form.hash != data.form.hash and not broken:
                yield _outdated(data, lock)


def changes(data: DeclaredData, forms: Iterable[DataForm], place: str) -> Iterator[Finding]:
    """Yield the findings between the program and the published forms, the newest first."""
    published = list(forms)
    newest = published[0]
    if list(newest.key.items()) != list(data.form.key.items()):
        yield _key(data, newest)
    if newest.revision > data.form.revision:
        what = f"The published revision is {newest.revision}, and the program has revision {data.form.revision}."
        yield _finding(
            Weight.OBJECTION, "data.revision", data, what, "Keep every upgrade that was published."
        )
        return
    judge = _Judge(data, place)
    seen: set[tuple[str, str]] = set()
    for number, form in enumerate(published):
        broken = list(judge.findings(form, earlier=number > 0))
        for finding in (*judge.twice(form, broken), *broken):
            mark = (finding.pointer, finding.what)
            if mark not in seen:
                seen.add(mark)
                yield finding
    if newest.revision < data.form.revision:
        yield _finding(
            Weight.WARNING, "data.ahead", data, _AFTER[data.kind],
            "Deploy in two steps if a rollback must read them: first the field that both know, then its use.",
        )  # fmt: skip


def fits(data: DeclaredData, form: DataForm) -> bool:
    """True if no objection is between the program and another published form."""
    if form.hash == data.form.hash:
        return False
    return not any(each.weight is Weight.OBJECTION for each in changes(data, [form], ""))


@dataclass(frozen=True, slots=True)
class _Judge:
    """Compare the program with published forms. `place` is the record of the forms."""

    data: DeclaredData
    place: str

    def findings(self, form: DataForm, *, earlier: bool) -> Iterator[Finding]:
        """Yield the findings for one published form."""
        if form.hash == self.data.form.hash:
            return
        mine = self._parts(form.revision)
        which = f"in {self.place}" + (f" of the earlier form {form.hash[:19]}" if earlier else "")
        for name, published in form.parts.items():
            part = mine.get(name)
            if part is None:
                continue
            written = (
                same_revision.stored(published)
                if self.data.kind is Kind.TABLE
                else published.writer
            )
            behind = list(misfits(written, part.reader))
            yield from (
                self._broken(
                    unfit,
                    name,
                    f"the type in the program, revision {form.revision}",
                    old=True,
                    tag=is_tag(part.reader, unfit),
                )
                for unfit in behind
            )
            if form.revision == self.data.form.revision:
                ahead = list(misfits(part.writer, published.reader))
                yield from (
                    self._broken(unfit, name, f"the schema {which}", old=False) for unfit in ahead
                )
            else:
                ahead = []
            yield from self._moved(published, part)
            broken = {unfit.pointer for unfit in (*behind, *ahead)}
            for finding in self._quiet(published, part):
                if finding.pointer not in broken:
                    yield finding

    def twice(self, form: DataForm, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Yield a finding if the program has another type of a revision behind an upgrade.

        The finding is an objection only beside objections that prove the difference.
        """
        if form.revision == 1 or form.hash == self.data.form.hash:
            return
        broken = any(each.weight is Weight.OBJECTION for each in findings)
        mine = self._parts(form.revision)
        apart = any(
            same_revision.have_grown_apart(part, mine[name])
            for name, part in form.parts.items()
            if name in mine
        )
        if broken or apart:
            weight = Weight.OBJECTION if broken else Weight.WARNING
            what = (
                f"Revision {form.revision} has another type in {self.place} than in the program. "
                "Two branches have made it, or its type was changed."
            )
            yield made_twice(self.data, form.revision, what, weight=weight)

    def _parts(self, revision: int) -> Mapping[str, Schemas]:
        now = self.data.form
        return now.parts if revision == now.revision else self.data.older.get(revision, {})

    def _broken(
        self, unfit: Misfit, part: str, refuses: str, *, old: bool, tag: bool = False
    ) -> Finding:
        kept, way = _WORDS[self.data.kind]
        where = f"{part}, {unfit.pointer or unfit.name}" if unfit.pointer or unfit.name else part
        if self.data.kind is Kind.CALL:
            side = f"{kept} would not be understood" if old else f"{kept} would not understand it"
        else:
            side = (
                f"the program refuses {kept}"
                if old
                else "the program that runs now refuses what this program writes"
            )
        sure = unfit.witness is not None
        what = (
            f"{where}: {side}."
            if sure
            else f"{where}: it cannot be decided whether {side}; this counts as a break."
        )
        code = "data.breaking" if sure else "data.unknown"
        finding = _finding(
            Weight.OBJECTION, code, self.data, what, _advice(unfit, way, old=old, tag=tag)
        )
        proven = shown(finding, unfit, side=side, refuses=refuses)
        return replace(proven, consumers=self.data.users)

    def _moved(self, before: Schemas, now: Schemas) -> Iterator[Finding]:
        _, way = _WORDS[self.data.kind]
        for pointer, name in members.moved(before.writer, now.writer):
            what = f"The position of {name} was {pointer}: it would be misread in silence."
            instead = f"Keep the order of the fields, or {way}."
            finding = _finding(Weight.OBJECTION, "data.position", self.data, what, instead)
            yield replace(finding, pointer=pointer, name=name, consumers=self.data.users)

    def _quiet(self, before: Schemas, now: Schemas) -> Iterator[Finding]:
        """Yield the changes that no reader refuses and every reader notices."""
        kept, way = _WORDS[self.data.kind]
        for pointer, _, _ in members.changed_defaults(before.reader, now.reader):
            what = f"The default of {pointer} is another; {kept} without the member change their meaning."
            yield self._warning("data.default", pointer, what, "Check that this is intended.")
        for pointer in members.lost(before.writer, now.writer):
            what = f"{pointer} is gone: what {kept} hold there is not read any more."
            instead = f"Keep the field, or {way}."
            yield self._warning("data.field-gone", pointer, what, instead)

    def _warning(self, code: str, pointer: str, what: str, instead: str) -> Finding:
        finding = _finding(Weight.WARNING, code, self.data, what, instead)
        name = pointer.rpartition("/")[2]
        return replace(finding, pointer=pointer, name=name, consumers=self.data.users)


def made_twice(
    data: DeclaredData | DataLock,
    revision: int,
    what: str,
    *,
    weight: Weight = Weight.OBJECTION,
    then: str = "",
) -> Finding:
    """Return the finding that two branches made the same revision. `then` is the last advice."""
    instead = (
        f"If two branches have made it, keep the one that was deployed: its upgrade is number "
        f"{revision - 1} in upgrades=[…]. Make the other revision {revision + 1}: its upgrade comes "
        f"next, and takes the type of revision {revision}.{then}"
    )
    return _finding(weight, "data.same-revision", data, what, instead)


def _key(data: DeclaredData, published: DataForm) -> Finding:
    before, now = (
        ", ".join(f"{name} ({kind})" for name, kind in form.key.items())
        for form in (published, data.form)
    )
    what = f"The key was {before}, and is {now}: stored items would be out of reach."
    instead = "Keep the key. For another key, declare another table and copy the items."
    return _finding(Weight.OBJECTION, "data.key", data, what, instead)


def gone_from_stage(record: RunningData) -> Finding:
    """Return the objection to the end of a table, a queue or a call that a stage runs."""
    return _gone(
        DataLock(kind=record.kind, name=record.name, form=record.form, published=("the stage",))
    )


def _gone(lock: DataLock) -> Finding:
    if not lock.published:
        what = f"The {lock.kind} is a draft, and the program has it no more."
        return _finding(Weight.NOTE, "data.left", lock, what, _LOCK)
    kept, _ = _WORDS[lock.kind]
    lost = "would get no answer" if lock.kind is Kind.CALL else "would be out of reach"
    stages = " and ".join(lock.published)
    what = f"The {lock.kind} is published in {stages}, and is gone; {kept} {lost}."
    instead = (
        f"Keep it. If it is not needed, say why: oort contracts accept {lock.name} --reason '…'."
    )
    return _finding(Weight.OBJECTION, "data.gone", lock, what, instead)


def _outdated(data: DeclaredData, lock: DataLock) -> Finding:
    if not lock.published:
        what = f"The {data.kind} is a draft, and its lock file is outdated."
        return _finding(Weight.NOTE, "data.draft", data, what, _LOCK)
    what = "It is published, and its lock file differs from the program; the change breaks nothing."
    return _finding(Weight.WARNING, "data.outdated", data, what, _LOCK)


def _advice(unfit: Misfit, way: str, *, old: bool, tag: bool) -> str:
    if unfit.witness is None:
        return f"Use simpler types, or {way}."
    if tag:
        return f"Keep {unfit.name}, the tag of a union, as it was, or {way}."
    if unfit.schema.endswith("/required"):
        first = f"Give {unfit.name} a default" if old else f"Keep {unfit.name}"
        return f"{first}, or {way}."
    return f"Keep {unfit.name or 'the type'} as it was, or {way}."


def _finding(
    weight: Weight, code: str, data: DeclaredData | DataLock, what: str, instead: str
) -> Finding:
    return Finding(
        weight=weight,
        code=code,
        subject=data.name,
        kind=data.kind,
        what=what,
        instead=instead,
        source=data.source if isinstance(data, DeclaredData) else None,
    )
