"""Print tables, JSON, colours, durations and paths. Data goes to stdout, errors to stderr."""

import os
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO

import click
import msgspec


def coloured(stream: TextIO) -> bool:
    """True if the stream is a terminal and NO_COLOR is not set. https://no-color.org"""
    return not os.environ.get("NO_COLOR") and stream.isatty()


# https://en.wikipedia.org/wiki/ANSI_escape_code; by hand, since click.style would be the most expensive part of a log line
_STYLES = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33, "magenta": 35, "cyan": 36}


def paint(text: str, style: str | None, *, on: bool = True) -> str:
    """Return the text in a colour, bold or dim, if colours are on.

    `echo` removes colours if stdout is not a terminal.
    """
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if on and style and text else text


def echo(text: str = "") -> None:
    """Print a line on stdout."""
    click.echo(text, color=coloured(sys.stdout))


def complain(text: str) -> None:
    """Print an error on stderr. Paths under the current folder are shortened."""
    click.echo(paint("Error: ", "red") + shortened(text), err=True, color=coloured(sys.stderr))


def warn(text: str) -> None:
    """Print a warning on stderr."""
    click.echo(paint("Warning: ", "yellow") + text, err=True, color=coloured(sys.stderr))


def json(value: object) -> None:
    """Print the value as JSON on stdout."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset()
) -> None:
    """Print aligned columns under dim headings. Columns in `right` hold numbers."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    for number, row in enumerate([headings, *rows]):
        cells = [
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        line = "  ".join(cells).rstrip()
        echo(paint(line, "dim", on=number == 0))


def relative(path: Path | str) -> str:
    """Return the path relative to the current folder, if the path lies inside."""
    absolute, here = Path(path).absolute(), Path.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(path)


def shortened(text: str) -> str:
    """Return the text with paths relative to the current folder."""
    here = str(Path.cwd())
    return text if here == os.sep else text.replace(f"{here}{os.sep}", "")


def one_line(text: str) -> str:
    """Remove line breaks and control characters: they could forge lines or move the cursor."""
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    return text.strip()


def preview(text: str, *, width: int = 100) -> str:
    """Return the beginning of the text in one line."""
    line = one_line(text)
    return line if len(line) <= width else f"{line[: width - 1]}…"


def counted(number: int, noun: str) -> str:
    """`1 function`, `2 functions`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def duration(time: timedelta) -> str:
    """Format a duration: `340 µs`, `2.1 ms`, `1.20 s`, `2 min 3 s`."""
    seconds = time.total_seconds()
    if not seconds:
        return "0 ms"
    if seconds < 0.0005:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1e3:.1f} ms"
    if seconds < 60:
        return f"{seconds:.2f} s"
    rounded = round(seconds)
    if rounded < 3600:
        return f"{rounded // 60} min {rounded % 60} s"
    return f"{rounded // 3600} h {rounded % 3600 // 60} min"


def nanoseconds(time: int) -> str:
    """Format nanoseconds as a duration."""
    return duration(timedelta(microseconds=time / 1000))


def milliseconds(time: int) -> float:
    """Convert nanoseconds to milliseconds for JSON output."""
    return round(time / 1e6, 3)


def moment(seconds: float) -> datetime:
    """Convert Unix seconds to the local time zone."""
    return datetime.fromtimestamp(seconds).astimezone()


def clock(seconds: float) -> str:
    """Format Unix seconds: only the time for today, with the date for other days."""
    when = moment(seconds)
    return (
        f"{when:%H:%M:%S}"
        if when.date() == datetime.now().astimezone().date()
        else f"{when:%Y-%m-%d %H:%M:%S}"
    )
