"""What all commands have in common: help, version, and words that are wrong."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from oort.cli.commands import oort
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


@pytest.mark.parametrize("words", [["routes"], ["graph"], ["permissions"], ["dev", "--no-reload"]])
def test_other_commands_print_the_mistakes_on_stderr(tmp_path: Path, words: list[str]) -> None:
    result = run(*words, shop(tmp_path, WRONG))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "2 mistakes." in result.stderr


NOTHING = "from oort import Service\nempty = Service('empty')\n"


@pytest.mark.parametrize(
    ("command", "says"), [("routes", "no routes"), ("permissions", "no functions")]
)
def test_an_empty_platform_is_said_to_be_empty(tmp_path: Path, command: str, says: str) -> None:
    assert says in run(command, shop(tmp_path, NOTHING)).stdout
