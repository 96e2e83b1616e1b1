"""How commands print: tables, JSON, colours, durations and paths. Data goes to stdout, complaints to stderr."""

import os
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO

import click
import msgspec


def coloured(stream: TextIO) -> bool:
    """Whether colours belong on the stream: a terminal, unless NO_COLOR is set. https://no-color.org"""
    return not os.environ.get("NO_COLOR") and stream.isatty()


# https://en.wikipedia.org/wiki/ANSI_escape_code; by hand, since click.style would be the most expensive part of a log line
_STYLES = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33, "magenta": 35, "cyan": 36}


def paint(text: str, style: str | None, *, on: bool = True) -> str:
    """The text in a colour, bold or dim, if colours are on. `echo` takes them away where they do not belong."""
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if on and style and text else text


def echo(text: str = "") -> None:
    """A line on stdout."""
    click.echo(text, color=coloured(sys.stdout))


def complain(text: str) -> None:
    """An error on stderr. Paths under the current folder are shown without it."""
    click.echo(paint("Error: ", "red") + shortened(text), err=True, color=coloured(sys.stderr))


def json(value: object) -> None:
    """The value as JSON on stdout, and nothing else."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset()
) -> None:
    """Aligned columns under dim headings; those in `right` hold numbers."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    for number, row in enumerate([headings, *rows]):
        cells = [
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        line = "  ".join(cells).rstrip()
        echo(paint(line, "dim", on=number == 0))


def relative(path: Path | str) -> str:
    """The path from the current folder if it lies inside it, else as it is."""
    absolute, here = Path(path).absolute(), Path.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(path)


def shortened(text: str) -> str:
    """The text with every path under the current folder shown without it."""
    here = str(Path.cwd())
    return text if here == os.sep else text.replace(f"{here}{os.sep}", "")


def one_line(text: str) -> str:
    """The text without line breaks and control characters, which could forge lines or move the cursor."""
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    return text.strip()


def preview(text: str, *, width: int = 100) -> str:
    """The beginning of the text in one line."""
    line = one_line(text)
    return line if len(line) <= width else f"{line[: width - 1]}…"


def counted(number: int, noun: str) -> str:
    """`1 function`, `2 functions`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def duration(time: timedelta) -> str:
    """A time in the unit that fits: `340 µs`, `2.1 ms`, `1.20 s`, `2 min 3 s`."""
    seconds = time.total_seconds()
    if not seconds:
        return "0 ms"
    if seconds < 0.0005:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1e3:.1f} ms"
    if seconds < 60:
        return f"{seconds:.2f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def nanoseconds(time: int) -> str:
    """A time in nanoseconds, as `duration` shows it."""
    return duration(timedelta(microseconds=time / 1000))


def milliseconds(time: int) -> float:
    """A time in nanoseconds as the milliseconds that JSON output holds."""
    return round(time / 1e6, 3)


def moment(seconds: float) -> datetime:
    """Unix seconds in the local time zone."""
    return datetime.fromtimestamp(seconds).astimezone()


def clock(seconds: float) -> str:
    """Unix seconds as a person reads them: the time today, with the date on other days."""
    when = moment(seconds)
    return (
        f"{when:%H:%M:%S}"
        if when.date() == datetime.now().astimezone().date()
        else f"{when:%Y-%m-%d %H:%M:%S}"
    )
