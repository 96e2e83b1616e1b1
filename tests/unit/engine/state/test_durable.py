"""A first start and a rotation of the key may be interrupted at any step: the next start works, and has what was
acknowledged."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from oort.engine.state import durable, shared_files
from oort.engine.state.folder import held, open_state
from oort.engine.state.store_keys import Keys
from oort.engine.state.unlocking import rotate, unlock
from oort.engine.store import encryption
from oort.engine.store.direct import DirectStore
from tests.unit.engine.state.cut_disk import IMAGES, Cut, CutDisk

ADD = "INSERT INTO segments(trace, spans) VALUES(?, ?)"


def keys(root: Path) -> Keys:
    """The keys of the user whose files are in this folder."""
    return Keys({"XDG_CONFIG_HOME": str(root / "config")})


def start(root: Path) -> int:
    """Start on the state in the folder, write a row as `oort dev` would, and return the number of rows."""
    with held(open_state(root / ".oort")) as state:
        store = DirectStore(state.database, key=unlock(state, keys(root)))
        try:
            state.settle()
            store.write(lambda session: session.run(ADD, "t", b""))
            row = store.row("SELECT count(*) FROM segments")
        finally:
            store.close()
    assert row is not None
    return int(row[0])


def files(root: Path) -> set[str]:
    """The names of all files that a start leaves, apart from the id."""
    return {file.name for file in root.rglob("*") if file.is_file() and len(file.name) != 16}


def unlinking(disk: CutDisk) -> Callable[..., None]:
    """The method `unlink` of a path on the disk."""
    return lambda path, missing_ok=False: disk.unlink(path)


def test_a_first_start_may_be_cut_off_after_any_operation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for operations in count():
        root = tmp_path / f"{operations}"
        root.mkdir()
        disk, rows = CutDisk(operations=operations), 0
        with monkeypatch.context() as patches:
            patches.setattr(durable, "os", disk)
            with suppress(Cut):
                rows = start(root)
        for kind in IMAGES:
            again = disk.image(root, tmp_path / f"{operations}-{kind}", kind)
            assert start(again) == rows + 1, (operations, kind)
            assert files(again) == {".changes", ".gitignore", "id", "lock", "oort.db"}, (
                operations,
                kind,
            )
            assert len(list((again / "config" / "oort" / "keys").iterdir())) == 1
        if rows:
            break
    assert operations > 20  # the start was really cut


def test_a_rotation_may_be_killed_after_any_operation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tmp_path / "before"
    before.mkdir()
    start(before)
    for operations in count():
        root = Path(shutil.copytree(before, tmp_path / f"{operations}"))
        disk, done = CutDisk(operations=operations), False
        with monkeypatch.context() as patches:
            patches.setattr(durable, "os", disk)
            patches.setattr(encryption, "os", disk)
            # A killed process tidies nothing up.
            patches.setattr(Path, "unlink", unlinking(disk))
            with suppress(Cut):
                with held(open_state(root / ".oort")) as state:
                    rotate(state, keys(root))
                done = True
        assert start(root) == 2, operations
        assert files(root) == files(before), operations
        assert len(list((root / "config" / "oort" / "keys").iterdir())) == 1
        if done:
            break
    assert operations > 8


def test_a_list_that_grows_is_durable_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    disk = CutDisk(operations=100)
    monkeypatch.setattr(durable, "os", disk)
    shared_files.append(root / "list", b"a")
    shared_files.append(root / "list", b"b")
    assert (disk.image(root, tmp_path / "image", "strict") / "list").read_bytes() == b"ab"
