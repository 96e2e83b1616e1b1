"""The README's code is loaded, type-checked and tested, and what it says `make run` prints is what is printed."""

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from oort.app.loading import projects
from tests.crash.processes import Process, free_port

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
RUN = ["-c", "from oort.cli import main; main()", "dev", "apps/cometbid"]


def blocks(language: str) -> list[str]:
    """The README's code blocks in this language."""
    return [text for found, text in BLOCK.findall(README) if found == language]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """The README's files, in a folder of their own that can be imported from."""
    for block in blocks("python"):
        name = block.split("\n")[0].removeprefix("# ")
        (tmp_path / name).write_text(block)
    (tmp_path / "oort.toml").write_text(blocks("toml")[0])
    before = list(sys.path)
    yield tmp_path
    sys.path[:] = before
    for name in ("signup", "test_signup"):
        sys.modules.pop(name, None)


def imported(path: Path) -> ModuleType:
    """The module of a file."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_service_loads_and_its_test_passes(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = projects.program(projects.find(project))
    assert set(program.functions) == {
        "accounts.sign_up",
        "accounts.me",
        "email.welcome",
        "email.deliver",
    }
    imported(project / "test_signup.py").test_a_sign_up_is_welcomed_once()
    assert set(capsys.readouterr().out.splitlines()) == {"Dear ada@example.com"}


@pytest.mark.slow
def test_a_strict_type_checker_finds_nothing_in_the_service_and_its_test(project: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--cache-dir",
        str(project / ".mypy"),
        "signup.py",
        "test_signup.py",
    ]
    found = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout


@pytest.mark.serial
def test_what_make_run_prints_is_what_the_readme_shows(tmp_path: Path) -> None:
    port = free_port()
    process = Process(RUN, port=port, state=tmp_path / "state")
    try:
        process.wait_for_log("shows what happened")
    finally:
        assert process.stop() == 0
    printed = [
        line
        for line in process.log.read_text().replace(str(port), "8000").splitlines()
        if line.strip()
    ]
    shown = [line for line in blocks("text")[0].splitlines() if line.strip()]
    position = 0
    for line in shown:
        pattern = ".*".join(re.escape(part) for part in line.split("…"))
        rest = printed[position:]
        matches = [number for number, one in enumerate(rest) if re.fullmatch(pattern, one)]
        assert matches, (
            f"the README shows {line!r}, which is not printed (or not in this order) in {printed}"
        )
        position += matches[0] + 1


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for command in blocks("console")[0].splitlines():
        target = command.removeprefix("$ make ")
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), (
            f"the Makefile has no target for {command!r}"
        )
    assert re.search(r"^run: .*\n\t.*oort dev apps/cometbid", makefile, re.MULTILINE)
