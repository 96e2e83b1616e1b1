"""Environments: uv is tried first, with the index of pip, and pip does the work where uv fails."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from scripts import environments

LOCK = ["--require-hashes", "-r", "some.lock"]


class Machine:
    """Stands for the commands of a machine; those with one of the words fail."""

    def __init__(self, *failing: str) -> None:
        self.failing = failing
        self.commands: list[list[str]] = []

    def run(self, command: Sequence[str], variables: Mapping[str, str]) -> int:
        self.commands.append([Path(command[0]).name, *command[1:]])
        return int(any(word in self.commands[-1] for word in self.failing))


def test_uv_fills_the_environment(tmp_path: Path) -> None:
    machine = Machine()
    uv = tmp_path / "uv"
    (tmp_path / "python").symlink_to("/bin/true")
    assert environments.install(tmp_path / "new", LOCK, uv=uv, run=machine.run) == 0
    python = str(tmp_path / "new" / "bin" / "python")
    assert machine.commands == [["uv", "pip", "install", "--python", python, *LOCK]]


@pytest.mark.parametrize("there", [True, False])
def test_pip_does_the_work_where_uv_cannot(tmp_path: Path, *, there: bool) -> None:
    machine = Machine("uv")
    (tmp_path / "python").symlink_to("/bin/true")
    uv = tmp_path / "uv" if there else None
    assert environments.install(tmp_path / "new", LOCK, uv=uv, run=machine.run) == 0
    pip = ["python", "-m", "pip", *environments.PIP, "install", "--no-compile", *LOCK]
    assert machine.commands[-2:] == [["python", "-m", "ensurepip"], pip]


def test_a_lock_that_neither_can_install_fails(tmp_path: Path) -> None:
    machine = Machine("pip")
    assert environments.install(tmp_path, LOCK, uv=None, run=machine.run) == 1


@pytest.mark.parametrize(
    ("settings", "index"),
    [
        ("global.index-url='https://index.example/simple'\n", "https://index.example/simple"),
        (":env:.index-url='https://index.example/simple'\n", "https://index.example/simple"),
        ("global.extra-index-url='https://index.example/simple'\nglobal.timeout='9'\n", None),
        ("", None),
    ],
)
def test_the_index_is_that_of_pip(settings: str, index: str | None) -> None:
    assert environments.index_of_pip(settings) == index


def test_uv_of_this_lock_is_not_installed_again(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("uv==1\n")
    (tmp_path / ".locked").write_text("uv==1\n")
    assert environments.installed_uv(tmp_path, lock) == tmp_path / "bin" / "uv"
