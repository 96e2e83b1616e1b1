"""From errors to what a person reads on stderr and what a script reads as the exit code. Never a traceback for a user's mistake."""

import io
import os
import sys
import traceback
from collections.abc import Callable

import click

from oort.cli.printing import output
from oort.model.errors import (
    InvalidProgram,
    InvalidProject,
    NotFoundHere,
    OortError,
    UnreadableContract,
)

NO = 1
USAGE = 64
DEFECT = 70
INTERRUPTED = 130


class UnreadableInput(OortError):
    """A file or text given to a command is not what the command can read."""

    code = "input.unreadable"


_USAGE_ERRORS = (InvalidProject, NotFoundHere, UnreadableContract, UnreadableInput)


def guarded(run: Callable[[], object], *, debug: bool) -> int:
    """Run a command; its exit code. What it raises is explained on stderr; with `debug` the traceback is shown as well."""
    if os.name == "nt":
        click.echo("Oort runs on Linux and macOS; on Windows, use it inside WSL2.", err=True)
        return USAGE
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                errors="replace"
            )  # a terminal that is not UTF-8 shows a question mark for an arrow
    try:
        result = run()
    except Exception as error:
        if debug:
            traceback.print_exception(error)
        return explain(error)
    return result if isinstance(result, int) else 0


def explain(error: Exception) -> int:
    """Say on stderr what went wrong; the exit code that stands for it."""
    match error:
        case click.exceptions.Abort():
            click.echo("Interrupted.", err=True)
            return INTERRUPTED
        case click.ClickException():
            error.show()
            return USAGE
        case InvalidProgram():
            output.complain(mistakes(error))
            return NO
        case OortError():
            output.complain(str(error))
            return USAGE if isinstance(error, _USAGE_ERRORS) else NO
        case _:
            output.complain(
                f"{type(error).__name__}: {output.one_line(str(error))}. This is a defect of Oort; "
                "run again with --debug for the traceback."
            )
            return DEFECT


def mistakes(error: InvalidProgram) -> str:
    """Every mistake of a program with its place, and how many there are."""
    lines = [
        f"{output.relative(mistake.source.file)}:{mistake.source.line}: {mistake.what}\n"
        f"    {mistake.instead} [{mistake.code}]"
        for mistake in error.mistakes
    ]
    return "\n".join([*lines, "", f"{output.counted(len(lines), 'mistake')}."])
