"""Merge the two sides of lock files with a merge conflict.

Git keeps both sides of a conflict in its index until `git add`, and in its commits until the merge
is committed. Without Git the sides are read between the marks in the file.
"""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from oort.app.loading.projects import Project
from oort.app.programs import Program
from oort.delivery import checking, lockfiles
from oort.delivery.checking import Checked
from oort.model.contracts import ApiLock, DataLock, EventLock, Finding, Lock
from oort.model.errors import UnreadableContract
from oort.rules.contracts import acceptances, data_changes, revisions, same_revision
from oort.rules.contracts.locks import FOLDER

_SECONDS = 30
# The commit that is merged, and the commit from which both sides came: None stands for the base.
_HEADS = {
    "MERGE_HEAD": None,
    "REBASE_HEAD": "REBASE_HEAD^",
    "CHERRY_PICK_HEAD": "CHERRY_PICK_HEAD^",
}
Sides = tuple[bytes, bytes]
_CHOOSE = (
    "Take the file of the branch that was deployed, with `git checkout --ours` or `--theirs`. Then run "
    "oort contracts lock, which adds the changes of the other branch."
)


@dataclass(frozen=True, slots=True)
class Mended:
    """The program against both sides of the conflicts: `files` have a conflict.

    `twice` names the revisions that both branches made.
    """

    files: tuple[Path, ...]
    sides: tuple[Checked, Checked]
    twice: tuple[Finding, ...] = ()

    @property
    def checked(self) -> Checked:
        """Return the program against the merged lock files."""
        return self.sides[0]

    @property
    def objections(self) -> list[Finding]:
        """Return the objections of both sides, each once."""
        both = [finding for side in self.sides for finding in side.objections]
        named = {finding.subject for finding in self.twice}
        left = [
            finding
            for finding in both
            if finding.code != "data.same-revision" or finding.subject not in named
        ]
        every = (*self.twice, *left)
        return list({(each.subject, each.route, each.what): each for each in every}.values())

    @property
    def is_refused(self) -> bool:
        """True if the merged lock files would break a promise of a side."""
        return bool(self.twice) or any(side.refuses_lock for side in self.sides)


def mended(project: Project, program: Program) -> Mended:
    """Return the program against both sides of every lock file with a conflict.

    Raises UnreadableContract for a side that is damaged or was changed by hand.
    """
    pairs = dict(_conflicts(project.folder))
    ours = {file: merged(mine, other) for file, (mine, other) in pairs.items()}
    theirs = {file: merged(other, mine) for file, (mine, other) in pairs.items()}
    checked = _checked(project, program, ours)
    twice = (
        finding for file, pair in pairs.items() for finding in _made_twice(file, *pair, checked)
    )
    return Mended(tuple(pairs), (checked, _checked(project, program, theirs)), tuple(twice))


def accepted(mended: Mended, objections: Sequence[Finding], *, reason: str) -> Checked:
    """Return the program against the merged lock files, in which these objections are accepted."""
    checked = mended.checked
    changes = acceptances.accept(
        checked.declared, checked.locks, objections, reason, fits=data_changes.fits
    )
    return replace(checked, locks=checked.locks.replaced(changes.written), findings=())


def sees_a_merge(folder: Path) -> bool:
    """True while Git merges, rebases or picks a commit in the folder."""
    return _merge(folder) is not None


def _conflicts(folder: Path) -> Iterator[tuple[Path, tuple[Lock, Lock]]]:
    """Yield the lock files with a conflict, and both sides."""
    unmerged, pending = _unmerged(folder), _changed_by_both(folder)
    for file in lockfiles.files(folder):
        data, pair = file.read_bytes(), None
        if file in unmerged:
            pair = _of_index(file)
        elif lockfiles.has_conflict(data):
            pair = between_marks(data)
        elif file in pending:
            pair = pending[file]
        if pair is None:
            continue
        locks = _parsed(file, pair)
        chosen = _chosen(file, data, locks)
        if chosen is None and (data in pair or _is_lost(file, data, locks)):
            yield file, locks
        elif chosen is not None and data in pair:
            yield file, (chosen, chosen)


def _parsed(file: Path, pair: Sides) -> tuple[Lock, Lock]:
    """Return both sides of a lock file. A side that lacks the file is the other."""
    ours, theirs = pair[0] or pair[1], pair[1] or pair[0]
    try:
        return lockfiles.parsed(file, ours), lockfiles.parsed(file, theirs)
    except UnreadableContract as error:
        what = f"The merge conflict in {file} cannot be mended: {error.what}"
        raise UnreadableContract(what, _CHOOSE) from error


def _chosen(file: Path, data: bytes, sides: tuple[Lock, Lock]) -> Lock | None:
    """Return the side that was chosen, if both sides have made the same revision."""
    lock, other = sides
    if not isinstance(lock, DataLock) or not isinstance(other, DataLock):
        return None
    if lockfiles.has_conflict(data) or not same_revision.made_by_both(lock, other):
        return None
    try:
        present = lockfiles.parsed(file, data)
    except UnreadableContract:  # lines of both sides
        return None
    kept = [side for side in sides if _holds(present, side)]
    return kept[0] if len(kept) == 1 else None


def _is_lost(file: Path, data: bytes, sides: tuple[Lock, Lock]) -> bool:
    """True if the file lacks a published form of a side."""
    try:
        lock = lockfiles.parsed(file, data)
    except UnreadableContract:  # marks, or lines of both sides
        return True
    reasons = {each.reason for side in sides for each in side.accepted}
    if any(each.reason not in reasons for each in lock.accepted):
        return False  # a reason was given for what is left out
    return not all(_holds(lock, side) for side in sides)


def _holds(lock: Lock, side: Lock) -> bool:
    """True if the lock has the stages, the acceptances and the published forms of a side."""
    accepted = [{(each.reason, each.route) for each in one.accepted} for one in (side, lock)]
    if not {*side.published} <= {*lock.published} or not accepted[0] <= accepted[1]:
        return False
    if isinstance(lock, EventLock) and isinstance(side, EventLock) and side.published:
        kept = (lock.revision, *lock.earlier)
        needed = (side.revision, *side.earlier)
        return all(any(revisions.same_meaning(a, b) for b in kept) for a in needed)
    if isinstance(lock, DataLock) and isinstance(side, DataLock) and side.published:
        forms = (lock.form, *lock.earlier)
        return all(
            any(revisions.same_data(a, b) for b in forms) for a in (side.form, *side.earlier)
        )
    return True


def _made_twice(file: Path, lock: Lock, other: Lock, checked: Checked) -> Iterator[Finding]:
    """Yield a finding for each revision that both branches made."""
    if not isinstance(lock, DataLock) or not isinstance(other, DataLock):
        return
    declared = checked.declared.data.get((lock.kind, lock.name), lock)
    for revision in same_revision.made_by_both(lock, other):
        yield data_changes.made_twice(
            declared,
            revision,
            f"Both branches have made revision {revision}, with different types.",
            then=f" Then take the lock file of that branch: git checkout --ours {file}, or --theirs. "
            "Run oort contracts mend again.",
        )


def between_marks(data: bytes) -> tuple[bytes, bytes]:
    """Return both sides of a text with marks of a conflict.

    >>> between_marks(b"a\\n<<<<<<< HEAD\\nb\\n=======\\nc\\n>>>>>>> other\\nd\\n")
    (b'a\\nb\\nd\\n', b'a\\nc\\nd\\n')
    """
    ours, theirs = list[bytes](), list[bytes]()
    where = "both"
    for line in data.splitlines(keepends=True):
        if line.startswith(b"<" * 7):
            where = "ours"
        elif line.startswith(b"|" * 7):
            where = "before"
        elif line.startswith(b"=" * 7) and where != "both":
            where = "theirs"
        elif line.startswith(b">" * 7):
            where = "both"
        else:
            if where in ("both", "ours"):
                ours.append(line)
            if where in ("both", "theirs"):
                theirs.append(line)
    return b"".join(ours), b"".join(theirs)


def merged(lock: Lock, other: Lock) -> Lock:
    """Return the lock with what the other side has published, accepted and kept of earlier forms."""
    published = tuple(sorted({*lock.published, *other.published}))
    accepted = tuple(dict.fromkeys((*lock.accepted, *other.accepted)))
    lock = replace(lock, published=published, accepted=accepted)
    if isinstance(lock, EventLock) and isinstance(other, EventLock):
        last = (other.revision,) if other.published else ()
        kept = {each.hash: each for each in (*lock.earlier, *other.earlier, *last)}
        kept.pop(lock.revision.hash, None)
        return replace(lock, earlier=tuple(kept.values()))
    if isinstance(lock, DataLock) and isinstance(other, DataLock):
        newest = (other.form,) if other.published else ()
        forms = {each.hash: each for each in (*newest, *lock.earlier, *other.earlier)}
        forms.pop(lock.form.hash, None)
        return replace(lock, earlier=tuple(forms.values()))
    assert isinstance(lock, ApiLock)
    return lock


def _checked(project: Project, program: Program, locks: Mapping[Path, Lock]) -> Checked:
    return checking.check(project, program, locks=lockfiles.read(project.folder, merged=locks))


def _of_index(file: Path) -> Sides:
    """Return both sides of an unmerged file from the index of Git."""
    ours, theirs = (_git(file.parent, "show", f":{stage}:./{file.name}") for stage in (2, 3))
    return ours or b"", theirs or b""


def _unmerged(folder: Path) -> set[Path]:
    """Return the lock files whose sides are in the index of Git."""
    listed = _git(folder, "ls-files", "--unmerged", "-z", "--", FOLDER) or b""
    return {folder / line.partition("\t")[2] for line in listed.decode().split("\0") if line}


def _changed_by_both(folder: Path) -> dict[Path, Sides]:
    """Return both sides of the lock files that both sides of a running merge have changed."""
    merge = _merge(folder)
    if merge is None:
        return {}
    base, head = merge
    mine, theirs = (_changed(folder, base, to) for to in ("HEAD", head))
    pairs = {
        name: (_shown(folder, "HEAD", name), _shown(folder, head, name)) for name in mine & theirs
    }
    return {folder / name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _merge(folder: Path) -> tuple[str, str] | None:
    """Return the base and the other side of a merge, a rebase or a cherry-pick that is running."""
    for head, before in _HEADS.items():
        if _git(folder, "rev-parse", "--quiet", "--verify", head) is None:
            continue
        if head == "REBASE_HEAD" and not _is_rebasing(folder):  # Git may leave the name behind
            continue
        base = _git(folder, "merge-base", "HEAD", head) if before is None else before.encode()
        return (base.decode().strip(), head) if base else None
    return None


def _is_rebasing(folder: Path) -> bool:
    words = ("rev-parse", "--git-path", "rebase-merge", "--git-path", "rebase-apply")
    names = (_git(folder, *words) or b"").decode().splitlines()
    return any((folder / name).is_dir() for name in names)


def _changed(folder: Path, base: str, to: str) -> set[str]:
    words = ("diff", "--name-only", "--no-renames", "--relative", "-z", base, to, "--", FOLDER)
    return {name for name in (_git(folder, *words) or b"").decode().split("\0") if name}


def _shown(folder: Path, revision: str, name: str) -> bytes:
    return _git(folder, "show", f"{revision}:./{name}") or b""


def _git(folder: Path, *words: str) -> bytes | None:
    """Return the output of Git; None without Git, or after a failure."""
    command = ["git", "-C", str(folder), *words]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
