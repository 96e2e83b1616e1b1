"""`oort new`: what it writes loads, runs, passes its own test, the type checkers and the linter; and what it refuses."""

import json
import os
import re
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

from oort.cli import blueprint
from tests.mypy_caches import mypy_cache
from tests.repeats import share
from tests.unit.cli.shops import run

BIN = Path(sys.executable).parent
PATH = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What a person types, in the environment that has Oort."""
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=PATH, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_new_then_its_own_test_then_dev_as_a_newcomer_types_them(tmp_path: Path) -> None:
    done = shell("oort new hello && cd hello && pytest -q -p no:cacheprovider", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
    process = subprocess.Popen(
        ["bash", "-c", "cd hello && exec oort dev --port 0"],
        cwd=tmp_path,
        env=PATH,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    rest = threading.Thread(target=process.stdout.read)
    try:
        name, url = process.stdout.readline().split()
        rest.start()
        request = urllib.request.Request(
            f"{url}/hello", b'{"name": "Ada"}', {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request) as reply:
            assert (name, reply.status, json.load(reply)["text"]) == ("hello", 201, "Hello, Ada!")
        process.terminate()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        rest.join()
        process.stdout.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", share(["a-shop2", "hello"], start=0))
def test_what_it_writes_is_formatted_linted_typed_and_without_mistakes(
    tmp_path: Path, name: str
) -> None:
    assert run("new", name, "--into", tmp_path / "here").exit_code == 0
    for command in (
        "ruff format --check --no-cache .",
        "ruff check --no-cache .",
        "ruff check --no-cache --extend-select TC .",
        f"mypy --cache-dir {mypy_cache('new')} .",
        f"pytest -q -p no:cacheprovider tests/test_{blueprint.module(name)}.py",
        "oort check",
    ):
        done = shell(command, tmp_path / "here")
        assert done.returncode == 0, command + done.stdout + done.stderr


def test_it_says_what_to_do_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = run("new", "hello").stdout
    assert re.findall(r"^  (cd hello|oort dev|pytest)\b", said, re.MULTILINE) == [
        "cd hello",
        "oort dev",
        "pytest",
    ]
    (tmp_path / "empty" / ".git").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "empty")
    said = run("new", "hello", "--into", ".").stdout
    assert "  cd " not in said
    assert (tmp_path / "empty" / "oort.toml").exists()


def test_the_editor_settings_can_be_read_and_start_what_exists(tmp_path: Path) -> None:
    run("new", "hello", "--into", tmp_path)
    launch = (tmp_path / ".vscode" / "launch.json").read_text()
    first = json.loads(re.sub(r"^\s*//.*$", "", launch, flags=re.MULTILINE))["configurations"][0]
    assert json.loads((tmp_path / ".vscode" / "settings.json").read_text())
    done = shell(f"python -m {first['module']} {first['args'][0]} --help", tmp_path)
    assert done.returncode == 0, done.stderr
    assert all(option in done.stdout for option in first["args"][1:])


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    result = run("new", "hello", "--into", tmp_path)
    assert (result.exit_code, result.stdout) == (64, "")
    assert "is not empty" in result.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["notes.txt"]


def test_a_file_in_the_way_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "hello").write_text("")
    result = run("new", "hello", "--into", tmp_path / "hello")
    assert result.exit_code == 1
    assert "cannot be written: Not a directory" in result.stderr


@pytest.mark.parametrize("name", ["Hello", "2fast", "a b", "", "ping", "x" * 35, "../up", "ünï"])
def test_what_is_no_services_name_is_refused(tmp_path: Path, name: str) -> None:
    result = run("new", name, "--into", tmp_path)
    assert (result.exit_code, result.stdout) == (64, "")
    assert "is not a valid name for a service" in result.stderr


@pytest.mark.parametrize("name", ["json", "class", "oort", "tests", "say-hello"])
def test_what_would_hide_another_module_is_refused(tmp_path: Path, name: str) -> None:
    result = run("new", name, "--into", tmp_path)
    assert result.exit_code == 64
    assert f"such as {name}-service" in result.stderr
