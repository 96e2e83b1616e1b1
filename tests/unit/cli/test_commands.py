"""The commands that need only the program, and what all commands have in common: help, exit codes, errors without tracebacks."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from oort import cli
from oort.cli import errors
from oort.cli.commands import oort
from oort.model.errors import StateUnusable
from tests.unit.cli.shops import run, shop


def every(command: click.Command, *names: str) -> Iterator[tuple[str, ...]]:
    """The words of every command that can be run."""
    yield names
    if isinstance(command, click.Group):
        for name, one in command.commands.items():
            yield from every(one, *names, name)


@pytest.mark.parametrize("words", list(every(oort)), ids=" ".join)
def test_every_help_ends_with_an_example(words: tuple[str, ...]) -> None:
    result = run(*words, "--help")
    assert result.exit_code == 0
    assert "Example" in result.output.splitlines()[-2] or "Examples:" in result.output
    assert "oort" in result.output.splitlines()[-1] or "curl" in result.output.splitlines()[-1]


def test_the_help_groups_the_commands() -> None:
    lines = run("--help").output.splitlines()
    assert lines.index("Develop:") < lines.index("Look:")
    named = {line.split()[0] for line in lines if line.startswith("  ") and line.strip()}
    assert set(oort.commands) <= named


def test_the_version_is_printed() -> None:
    assert run("--version").output.startswith("oort ")


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("chek",),
        ("check", "--yes"),
        ("token",),
        ("graph", "--json", "--mermaid"),
        ("dev", "--port", "70000"),
    ],
)
def test_wrong_words_are_a_usage_error(words: tuple[str, ...]) -> None:
    result = run(*words)
    assert result.exit_code == 64
    assert "Usage" in result.stderr
    assert result.stdout == ""


def test_a_folder_without_a_platform_is_a_usage_error(tmp_path: Path) -> None:
    result = run("check", tmp_path)
    assert result.exit_code == 64
    assert result.stderr.startswith("Error: There is no oort.toml in")


def test_paths_are_shown_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "oort.toml").write_text("name = ")
    assert "Error: here/oort.toml cannot be read" in run("check", tmp_path / "here").stderr


def test_check_counts_what_it_found_nothing_wrong_with(tmp_path: Path) -> None:
    result = run("check", shop(tmp_path))
    assert (result.exit_code, result.stdout) == (0, "shop: 1 service, 9 functions, no mistakes.\n")


def test_check_as_json(tmp_path: Path) -> None:
    assert json.loads(run("check", shop(tmp_path), "--json").stdout) == {
        "ok": True, "services": 1, "functions": 9, "mistakes": []
    }  # fmt: skip


WRONG = """
from oort import Service
print("importing")
orders = Service("orders")

@orders.get("/{id}", public=True)
def read(number: int) -> str:
    return ""

@orders.get("/{name}", public=True)
def other(name: str) -> str:
    return ""
"""


def test_check_names_every_mistake_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shop(tmp_path, WRONG)
    monkeypatch.chdir(tmp_path)
    result = run("check", folder)
    assert result.exit_code == 1
    assert (
        f"{folder.name}/orders.py:6: read: the path has {{id}}, but there is no such parameter."
        in result.stdout
    )
    assert "Add the parameter id: str. [route.path]" in result.stdout
    assert result.stdout.endswith("2 mistakes.\n")


def test_check_as_json_prints_nothing_but_json(tmp_path: Path) -> None:
    folder = shop(tmp_path, WRONG)
    result = run("check", folder, "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (found["ok"], found["services"], found["functions"]) == (False, None, None)
    assert [sorted(one) for one in found["mistakes"]] == [
        ["code", "file", "instead", "line", "what"]
    ] * 2
    assert "importing" in result.stderr


@pytest.mark.parametrize("words", [["routes"], ["graph"], ["permissions"], ["dev", "--no-reload"]])
def test_other_commands_print_the_mistakes_on_stderr(tmp_path: Path, words: list[str]) -> None:
    result = run(*words, shop(tmp_path, WRONG))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "2 mistakes." in result.stderr


def test_routes_say_who_may_call(tmp_path: Path) -> None:
    lines = run("routes", shop(tmp_path)).stdout.splitlines()
    assert lines[0].split() == ["METHOD", "PATH", "FOR", "FUNCTION"]
    assert lines[1].split() == ["POST", "/orders", "anyone", "orders.place"]
    assert lines[2].split() == ["GET", "/orders", "signed", "in", "orders.mine"]
    assert lines[3].split() == ["GET", "/orders/all", "groups", "staff", "orders.everything"]


def test_routes_as_json(tmp_path: Path) -> None:
    found = json.loads(run("routes", shop(tmp_path), "--json").stdout)
    first = found[0]
    assert len(found) == 7
    assert first.pop("line") > 1
    assert first.pop("file").endswith("orders.py")
    assert first == {
        "method": "POST", "path": "/orders", "function": "orders.place", "status": 201, "public": True, "groups": []
    }  # fmt: skip


def test_permissions_show_functions_resources_and_actions(tmp_path: Path) -> None:
    lines = [line.split() for line in run("permissions", shop(tmp_path)).stdout.splitlines()]
    assert ["orders.place", "table", "orders.book", "put"] in lines
    assert ["orders.place", "event", "orders.placed", "publish"] in lines
    assert ["orders.mine", "nothing"] in lines


def test_permissions_as_json(tmp_path: Path) -> None:
    found = json.loads(run("permissions", shop(tmp_path), "--json").stdout)
    assert {
        "function": "orders.pack",
        "kind": "queue",
        "resource": "orders.parcels",
        "actions": ["send"],
    } in found
    assert len(found) == 5


def test_the_graph_in_its_three_forms(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    assert "sends queue orders.parcels  -> orders.ship" in run("graph", folder).stdout
    assert run("graph", folder, "--mermaid").stdout.startswith("flowchart LR\n")
    assert sorted(json.loads(run("graph", folder, "--json").stdout)) == [
        "edges",
        "nodes",
        "platform",
    ]


NOTHING = "from oort import Service\nempty = Service('empty')\n"


@pytest.mark.parametrize(
    ("command", "says"), [("routes", "no routes"), ("permissions", "no functions")]
)
def test_an_empty_platform_is_said_to_be_empty(tmp_path: Path, command: str, says: str) -> None:
    assert says in run(command, shop(tmp_path, NOTHING)).stdout


def test_a_defect_of_oort_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert errors.guarded(broken, debug=False) == 70
    assert capsys.readouterr().err == (
        "Error: KeyError: 'x'. This is a defect of Oort; run again with --debug for the traceback.\n"
    )


def test_debug_adds_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert errors.guarded(broken, debug=True) == 70
    assert "Traceback (most recent call last)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (StateUnusable("It is full.", "Empty it."), 1, "Error: It is full. Empty it.\n"),
        (click.exceptions.Abort(), 130, "Interrupted.\n"),
    ],
)
def test_other_ends_have_their_codes(
    capsys: pytest.CaptureFixture[str], error: Exception, code: int, says: str
) -> None:
    assert errors.explain(error) == code
    assert capsys.readouterr().err == says


def test_the_entry_point_reads_the_words_of_the_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/bin/oort", "check", str(tmp_path)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 64


def test_a_terminal_that_is_not_utf_8_is_no_error(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    run("invoke", "orders.forget", "--event", "-", "-C", folder, input='{"path": {"id": "1"}}')
    trace = json.loads(run("traces", folder, "--json").stdout)[0]["trace"]
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    words = [
        sys.executable,
        "-c",
        "import oort.cli; oort.cli.main()",
        "trace",
        trace,
        "-C",
        str(folder),
    ]
    done = subprocess.run(words, capture_output=True, check=True, env=environment)
    assert b"? orders.forget" in done.stdout


def test_a_reader_that_left_is_told_nothing(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    words = [sys.executable, "-c", "import oort.cli; oort.cli.main()", "graph", str(shop(tmp_path))]
    done = subprocess.run(words, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


def test_windows_gets_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "name", "nt")
    try:
        code = errors.guarded(broken, debug=False)
    finally:
        monkeypatch.undo()
    assert code == 64
    assert "WSL2" in capsys.readouterr().err


def broken() -> None:
    raise KeyError("x")


def test_what_aws_has_no_form_for_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "oort.toml").write_text(
        'name = "clock"\nservices = ["oddly_timed"]\n', encoding="utf-8"
    )
    (tmp_path / "oddly_timed.py").write_text(
        "from datetime import timedelta\nfrom oort import Service\nodd = Service('odd')\n\n"
        "@odd.every(timedelta(seconds=90))\ndef tick() -> None: ...\n",
        encoding="utf-8",
    )
    result = run("check", tmp_path)
    assert result.exit_code == 1
    assert "oddly_timed.py:5" in result.output
    assert "1 mistake." in result.output
