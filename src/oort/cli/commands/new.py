"""`oort new`: a folder with a small service to start from."""

import keyword
import sys
from pathlib import Path

import click

from oort.cli import blueprint
from oort.cli.groups import Command
from oort.cli.printing import output
from oort.model import limits, names
from oort.model.errors import InvalidUse

_EPILOG = """\b
Examples:
  oort new hello
  oort new hello --into .
"""
# Modules that would be hidden, and names that the service itself uses.
_OURS = frozenset(
    {
        "oort",
        "msgspec",
        "test",
        "tests",
        "contracts",
        "say_hello",
        "list_greetings",
        "show_greeting",
    }
)
_HARMLESS = frozenset({".git", ".venv"})


@click.command(cls=Command, epilog=_EPILOG, short_help="Write a small service to start from.")
@click.argument("name")
@click.option(
    "--into",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The folder to write to; by default one named NAME.",
)
def new(*, name: str, into: Path | None) -> None:
    """Write a service called NAME: a module with a table and three routes, a test that passes, and settings for ruff, mypy
    and VS Code. The folder must be new or empty.
    """
    _check(name)
    folder = into or Path(name)
    _write(folder, name)
    for line in _next_steps(folder):
        output.echo(line)


def _check(name: str) -> None:
    if not names.SERVICE.fullmatch(name) or name in limits.RESERVED_PATHS:
        what = f"{name!r} is not a service's name."
        raise click.BadParameter(
            f"{what} Use lower-case letters, digits and dashes, at most 34.", param_hint="NAME"
        )
    module = blueprint.module(name)
    if keyword.iskeyword(module) or module in _OURS or module in sys.stdlib_module_names:
        what = f"{module!r} is the name of something else in Python or in the service."
        raise click.BadParameter(
            f"{what} Take another name, such as {name}-service.", param_hint="NAME"
        )


def _write(folder: Path, name: str) -> None:
    try:
        if folder.exists() and any(entry.name not in _HARMLESS for entry in folder.iterdir()):
            raise click.BadParameter(
                f"{folder} is not empty. Name a new folder with --into.", param_hint="NAME"
            )
        for path, text in blueprint.files(name).items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidUse(
            f"{folder} cannot be written: {error.strerror}.", "Name another folder with --into."
        ) from error


def _next_steps(folder: Path) -> list[str]:
    here = folder.absolute() == Path.cwd()
    return [
        f"Wrote a service, its test and settings for your editor to {output.relative(folder)}.",
        "",
        "Next:",
        *([] if here else [f"  cd {folder}"]),
        "  oort dev    runs it, and follows your changes",
        "  pytest      runs its test",
    ]
