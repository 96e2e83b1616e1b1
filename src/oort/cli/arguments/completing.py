"""Shell completion for names of functions, queues and secrets.

Completion loads the platform in the folder, as `oort check` does. A platform with mistakes
completes no names.
"""

import contextlib
import io
from collections.abc import Callable, Iterable
from pathlib import Path

import click

from oort.cli.wiring import platforms
from oort.model.platform import PlatformModel
from oort.model.resources import SecretModel


def functions(ctx: click.Context, _parameter: click.Parameter, beginning: str) -> list[str]:
    """Complete the name of a function."""
    return _names(ctx, beginning, lambda model: (function.name for function in model.functions))


def queues(ctx: click.Context, _parameter: click.Parameter, beginning: str) -> list[str]:
    """Complete the name of a queue."""
    return _names(ctx, beginning, lambda model: (queue.name for queue in model.queues))


def secrets(ctx: click.Context, _parameter: click.Parameter, beginning: str) -> list[str]:
    """Complete the name of a secret."""
    return _names(ctx, beginning, lambda model: (secret.name for secret in model.of(SecretModel)))


def _names(
    ctx: click.Context, beginning: str, of: Callable[[PlatformModel], Iterable[str]]
) -> list[str]:
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # a shell is drawing its line
            _, program = platforms.load(ctx.params.get("path") or Path())
    except Exception:  # a user's module may raise anything, and this is only help
        return []
    return [name for name in of(program.model) if name.startswith(beginning)]
