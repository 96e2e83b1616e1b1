"""Turn errors into messages on stderr and exit codes. A user's mistake never shows a traceback."""

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
    StateLost,
    UnreadableContract,
    WrongState,
)

NO = 1
USAGE = 64
DEFECT = 70
LOST = 74
INTERRUPTED = 130


class UnreadableInput(OortError):
    """The command cannot read a file or a text from the user."""

    code = "input.unreadable"


_USAGE_ERRORS = (InvalidProject, NotFoundHere, UnreadableContract, UnreadableInput, WrongState)


def guarded(run: Callable[[], object], *, debug: bool) -> int:
    """Run a command and return its exit code. Errors go to stderr, with a traceback if `debug` is
    set."""
    if os.name == "nt":
        click.echo("Oort runs on Linux and macOS; on Windows, use it inside WSL2.", err=True)
        return USAGE
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that is not UTF-8 shows a question mark for an arrow.
            stream.reconfigure(errors="replace")
    try:
        result = run()
    except Exception as error:
        if debug:
            traceback.print_exception(error)
        return explain(error)
    return result if isinstance(result, int) else 0


def explain(error: Exception) -> int:
    """Print the error on stderr and return its exit code."""
    match error:
        case click.exceptions.Abort():
            click.echo("Interrupted.", err=True)
        case click.ClickException():
            error.show()
        case InvalidProgram():
            output.complain(mistakes(error))
        case OortError():
            output.complain(str(error))
        case ModuleNotFoundError(name="botocore" | "packaging"):
            output.complain('AWS needs an extra of Oort: pip install "oortcloud[aws]".')
        case _:
            output.complain(
                f"{type(error).__name__}: {output.one_line(str(error))}. This is a defect of Oort; "
                "run again with --debug for the traceback."
            )
    return code_of(error)


def code_of(error: Exception) -> int:
    """Return the exit code of an error."""
    match error:
        case click.exceptions.Abort():
            return INTERRUPTED
        case StateLost():
            return LOST
        case OortError():
            return USAGE if isinstance(error, _USAGE_ERRORS) else NO
        case click.ClickException() | ModuleNotFoundError(name="botocore" | "packaging"):
            return USAGE
        case _:
            return DEFECT


def mistakes(error: InvalidProgram) -> str:
    """Format all mistakes of a program with their source locations and count."""
    lines = [
        f"{output.relative(mistake.source.file)}:{mistake.source.line}: {mistake.what}\n"
        f"    {mistake.instead} [{mistake.code}]"
        for mistake in error.mistakes
    ]
    return "\n".join([*lines, "", f"{output.counted(len(lines), 'mistake')}."])
