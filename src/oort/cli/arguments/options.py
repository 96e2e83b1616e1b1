"""Arguments and options of several commands: the folder, the state, `--json`, durations."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from oort.model import limits

F = TypeVar("F", bound=Callable[..., Any])  # a command's callback: click fills its parameters

_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_LENGTH = re.compile(r"(\d{1,9})([smhd])")
_FOLDER = click.Path(path_type=Path)


class Length(click.ParamType[timedelta]):
    """A duration: `90s`, `30m`, `1h`, `7d`."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Parse a duration. Anything else is a usage error."""
        if isinstance(value, timedelta):
            return value
        match = _LENGTH.fullmatch(str(value).strip())
        if match is None or not int(match[1]):
            self.fail(f"{value!r} is not a length of time: write 90s, 30m, 1h or 7d.", param, ctx)
        return int(match[1]) * _UNITS[match[2]]


def path_argument(command: F) -> F:
    """Add PATH, the folder with oort.toml, as an argument."""
    return click.argument("path", type=_FOLDER, default=".")(command)


def path_option(command: F) -> F:
    """Add PATH as an option, for commands with a different argument."""
    words = "The platform's folder, with oort.toml; by default the current one."
    return click.option(
        "--path", "-C", "path", type=_FOLDER, default=".", metavar="PATH", help=words
    )(command)


def state_option(command: F) -> F:
    """Add `--state`, a different state folder."""
    words = "The state folder; by default .oort beside oort.toml."
    return click.option("--state", type=_FOLDER, metavar="DIR", help=words)(command)


def port_option(command: F) -> F:
    """Add `--port`, the port of the server."""
    return click.option(
        "--port",
        type=click.IntRange(0, 65535),
        default=8000,
        show_default=True,
        help="The port to listen on; 0 takes a free port.",
    )(command)


def workers_option(command: F) -> F:
    """Add `--workers`, the largest number of worker processes."""
    return click.option(
        "--workers",
        type=click.IntRange(1, limits.WORKERS),
        metavar="N",
        help="The largest number of worker processes, each with 7 MB or more: at least one for each "
        f"service, by default {limits.WORKERS}.",
    )(command)


def json_option(command: F) -> F:
    """Add `--json`, to print JSON instead of text."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print JSON, and nothing else, on stdout."
    )(command)
