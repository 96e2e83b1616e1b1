"""The choice of the newest Python."""

import sys
from pathlib import Path

from scripts import newest_python


def python(folder: Path, name: str, says: str, *, code: int = 0) -> str:
    """A program that says which Python it is."""
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n")
    path.chmod(0o755)
    return str(path)


def test_the_highest_final_version_is_chosen(tmp_path: Path) -> None:
    paths = [
        python(tmp_path, "a", "3.9.18 final"),
        python(tmp_path, "b", "3.13.0 final"),
        python(tmp_path, "c", "3.13.0 final"),
        python(tmp_path, "d", "3.14.0 candidate"),
        python(tmp_path, "e", "3.15.0 final", code=1),
        str(tmp_path / "nothing"),
    ]
    assert newest_python.newest(iter(paths)) == paths[1]


def test_this_python_is_a_candidate() -> None:
    assert next(newest_python.candidates()) == sys.executable
    assert newest_python.version(sys.executable)[:2] == sys.version_info[:2]
