"""Merge the two sides of lock files with a merge conflict.

Git keeps both sides of a conflict in its index. Without Git the sides are read between the marks in
the file.
"""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from oort.app.loading.projects import Project
from oort.app.programs import Program
from oort.delivery import checking, lockfiles
from oort.delivery.checking import Checked
from oort.model.contracts import ApiLock, DataLock, EventLock, Finding, Lock
from oort.model.errors import UnreadableContract
from oort.rules.contracts import acceptances, data_changes

_SECONDS = 30
_CHOOSE = (
    "Take the file of the branch that was deployed, with `git checkout --ours` or `--theirs`. Then run "
    "oort contracts lock, which adds the changes of the other branch."
)


@dataclass(frozen=True, slots=True)
class Mended:
    """The program against both sides of the conflicts: `files` have a conflict."""

    files: tuple[Path, ...]
    sides: tuple[Checked, Checked]

    @property
    def checked(self) -> Checked:
        """Return the program against the merged lock files."""
        return self.sides[0]


def mended(project: Project, program: Program) -> Mended:
    """Return the program against both sides of every lock file with a conflict.

    Raises UnreadableContract for a side that is damaged or was changed by hand.
    """
    files = tuple(file for file in lockfiles.files(project.folder) if is_in_conflict(file))
    pairs = {file: sides(file) for file in files}
    ours = {file: merged(mine, other) for file, (mine, other) in pairs.items()}
    theirs = {file: merged(other, mine) for file, (mine, other) in pairs.items()}
    return Mended(files, (_checked(project, program, ours), _checked(project, program, theirs)))


def accepted(mended: Mended, objections: Sequence[Finding], *, reason: str) -> Checked:
    """Return the program against the merged lock files, in which these objections are accepted."""
    checked = mended.checked
    changes = acceptances.accept(
        checked.declared, checked.locks, objections, reason, fits=data_changes.fits
    )
    return replace(checked, locks=checked.locks.replaced(changes.written), findings=())


def is_in_conflict(file: Path) -> bool:
    """True for a file with the marks of a merge conflict."""
    return lockfiles.has_conflict(file.read_bytes())


def sides(file: Path) -> tuple[Lock, Lock]:
    """Return both sides of a lock file with a conflict. A side that lacks the file is the other."""
    ours, theirs = (_staged(file, stage) for stage in (2, 3))
    if ours is None and theirs is None:
        ours, theirs = between_marks(file.read_bytes())
    ours, theirs = ours or theirs or b"", theirs or ours or b""
    try:
        return lockfiles.parsed(file, ours), lockfiles.parsed(file, theirs)
    except UnreadableContract as error:
        what = f"The merge conflict in {file} cannot be mended: {error.what}"
        raise UnreadableContract(what, _CHOOSE) from error


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


def _staged(file: Path, stage: int) -> bytes | None:
    """Return a side of the conflict from the index of Git; None without one."""
    command = ["git", "-C", str(file.parent), "show", f":{stage}:./{file.name}"]
    try:
        shown = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    return shown.stdout if shown.returncode == 0 else None
