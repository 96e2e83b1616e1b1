"""Durations, colours and paths as commands print them."""

import io
from datetime import timedelta
from pathlib import Path

import pytest

from oort.cli.printing import output


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 ms"),
        (0.00034, "340 µs"),
        (0.0021, "2.1 ms"),
        (1.2, "1.20 s"),
        (123, "2 min 3 s"),
        (7380, "2 h 3 min"),
    ],
)
def test_durations_are_shown_in_the_unit_that_fits(seconds: float, shown: str) -> None:
    assert output.duration(timedelta(seconds=seconds)) == shown


def test_colours_are_for_terminals_and_not_against_no_color(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert output.coloured(Terminal())
    assert not output.coloured(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not output.coloured(Terminal())


def test_a_line_cannot_be_forged_by_what_it_quotes() -> None:
    assert output.one_line("a\n12:00 \x1b[31mforged") == "a 12:00  [31mforged"
    assert output.preview("x" * 200, width=10) == "xxxxxxxxx…"


def test_paths_outside_the_current_folder_stay_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert output.relative(tmp_path / "a" / "b") == "a/b"
    assert output.relative("/elsewhere") == "/elsewhere"
    monkeypatch.chdir("/")
    assert output.shortened("/a/b") == "/a/b"
