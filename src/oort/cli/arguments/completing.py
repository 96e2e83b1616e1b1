"""Names that a shell completes: those of the platform's functions and queues. Commands give them to their arguments.

The platform in the folder is loaded for it, as `oort check` does; one that cannot be loaded has no names.
"""

import contextlib
import io
from collections.abc import Callable, Iterable
from pathlib import Path

import click

from oort.cli.wiring import platforms
from oort.model.platform import PlatformModel


def functions(ctx: click.Context, _parameter: click.Parameter, beginning: str) -> list[str]:
    """The functions whose names begin so."""
    return _names(ctx, beginning, lambda model: (one.name for one in model.functions))


def queues(ctx: click.Context, _parameter: click.Parameter, beginning: str) -> list[str]:
    """The queues whose names begin so."""
    return _names(ctx, beginning, lambda model: (one.name for one in model.queues))


def _names(
    ctx: click.Context, beginning: str, of: Callable[[PlatformModel], Iterable[str]]
) -> list[str]:
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # a shell is drawing its line
            _, program = platforms.load(ctx.params.get("path") or Path())
    except Exception:  # a user's module may raise anything, and this is only help
        return []
    return [name for name in of(program.model) if name.startswith(beginning)]
