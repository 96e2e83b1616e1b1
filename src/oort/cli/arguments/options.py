"""The arguments and options that several commands share: the platform's folder, its state, `--json`, and lengths of time."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

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
    """A length of time: `90s`, `30m`, `1h`, `7d`."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """The length as a timedelta; a usage error for anything else."""
        if isinstance(value, timedelta):
            return value
        match = _LENGTH.fullmatch(str(value).strip())
        if match is None or not int(match[1]):
            self.fail(f"{value!r} is not a length of time: write 90s, 30m, 1h or 7d.", param, ctx)
        return int(match[1]) * _UNITS[match[2]]


def path_argument(command: F) -> F:
    """PATH, the folder with oort.toml, as the only argument."""
    return click.argument("path", type=_FOLDER, default=".")(command)


def path_option(command: F) -> F:
    """PATH as an option, for commands that have another argument."""
    words = "The platform's folder, with oort.toml; by default the current one."
    return click.option(
        "--path", "-C", "path", type=_FOLDER, default=".", metavar="PATH", help=words
    )(command)


def state_option(command: F) -> F:
    """Another state folder than the platform's own."""
    words = "The state folder; by default .oort beside oort.toml."
    return click.option("--state", type=_FOLDER, metavar="DIR", help=words)(command)


def json_option(command: F) -> F:
    """Print JSON instead of text."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print JSON, and nothing else, on stdout."
    )(command)
