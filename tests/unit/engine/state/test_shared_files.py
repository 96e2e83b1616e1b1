"""A file for several processes: read once, and again after a change, without a look at the disk in between."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from oort.engine.state import shared_files
from oort.engine.state.shared_files import SharedFile, alone, replace
from oort.model.errors import StateUnusable

CHANGE = """
import sys
import time
from pathlib import Path
from oort.engine.state.shared_files import alone, replace
with alone(Path(sys.argv[1])):
    replace(Path(sys.argv[1], "names"), b"from another process")
"""


@pytest.fixture
def file(tmp_path: Path) -> SharedFile[bytes]:
    return SharedFile(tmp_path / "names", lambda data: data)


def changed(file: SharedFile[bytes], data: bytes) -> None:
    with alone(file.path.parent):
        replace(file.path, data)


def test_a_change_is_seen_at_once(file: SharedFile[bytes]) -> None:
    assert file.value() == b""
    for data in (b"a", b"b"):
        changed(file, data)
        assert (file.value(), file.value()) == (data, data)


def test_a_change_of_another_process_is_seen_at_once(file: SharedFile[bytes]) -> None:
    assert file.value() == b""
    command = [sys.executable, "-c", CHANGE, str(file.path.parent)]
    subprocess.run(command, check=True, timeout=30)
    assert file.value() == b"from another process"


def test_an_unchanged_file_is_not_looked_at(
    file: SharedFile[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(file, b"a")
    assert file.value() == b"a"
    looked: list[object] = []
    monkeypatch.setattr(os, "stat", looked.append)
    assert [file.value() for _ in range(100)] == [b"a"] * 100
    assert looked == []


def test_what_a_person_replaces_is_seen_a_second_later(
    file: SharedFile[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(file, b"a")
    assert file.value() == b"a"
    file.path.write_bytes(b"by hand")
    assert file.value() == b"a"
    monkeypatch.setattr(time, "monotonic", lambda: float("1e12"))
    assert file.value() == b"by hand"


def test_a_folder_that_cannot_be_written_is_looked_at_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_files, "_CHANGES", "missing/changes")
    file = SharedFile(tmp_path / "names", lambda data: data)
    for data in (b"a", b"b"):
        changed(file, data)
        assert file.value() == data


def test_a_damaged_file_is_refused_each_time(tmp_path: Path) -> None:
    file = SharedFile(tmp_path / "number", int)
    with alone(tmp_path):
        replace(file.path, b"no number")
    for _ in range(2):
        with pytest.raises(StateUnusable, match="is damaged"):
            file.value()


def test_a_change_that_fails_counts_too(file: SharedFile[bytes]) -> None:
    """It may have replaced the file before."""

    def fail() -> None:
        with alone(file.path.parent):
            file.path.write_bytes(b"half")
            raise ZeroDivisionError

    assert file.value() == b""
    with pytest.raises(ZeroDivisionError):
        fail()
    assert file.value() == b"half"
