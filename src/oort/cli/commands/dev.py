"""`oort dev`: the whole platform on this machine, in the foreground."""

import logging
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from oort.app.programs import Program
from oort.cli import errors, output, platforms, welcome, words
from oort.cli.groups import Command
from oort.cli.logs import LineWriter, Log, ServiceLogs

_EPILOG = """\b
Examples:
  oort dev apps/cometbid
  oort dev apps/cometbid --port 8080 --inline
"""
_TOKEN_LIFETIME = timedelta(hours=12)


@click.command(cls=Command, epilog=_EPILOG, short_help="Run the whole platform on this machine.")
@words.path_argument
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Where to listen; 0 takes a free port.",
)
@click.option("--inline", is_flag=True, help="One handler at a time, so that a breakpoint stops everything.")
@words.state_option
def dev(*, path: Path, port: int, inline: bool, state: Path | None) -> None:
    """Run all services of the platform in PATH, the folder with oort.toml, until Ctrl+C. Requests are answered on
    127.0.0.1 only. The state is durable: the next start goes on where this one ended, even after a crash.

    The log has a line for each request and each delivery; the traceback of a handler that raises follows once.
    """
    project, program = platforms.load(path)
    run(
        program,
        folder=platforms.state_folder(project, state),
        hint=output.relative(project.folder) + (f" --state {output.relative(state)}" if state else ""),
        port=port,
        inline=inline,
    )


def run(program: Program, *, folder: Path, hint: str, port: int, inline: bool) -> None:
    """Run the program on the state in the folder until a signal. `hint` is what other commands need."""
    from oort.cli import serving, wiring
    from oort.engine.state import held, open_state

    state = open_state(folder)
    with held(state), serving.bound(port) as listener, _log() as log:
        issuer = wiring.issuer_of(state, platform=program.model.name)
        platform = wiring.started(program, state, issuer=issuer, log=log, inline=inline)
        address = welcome.Address(f"http://{serving.HOST}:{listener.getsockname()[1]}", state.path / "support.curl")
        token = issuer.issue(welcome.DEVELOPER, welcome.groups(program), _TOKEN_LIFETIME)
        welcome.write_credentials(address.credentials, token)

        def ready() -> None:
            _print_welcome(program, address, state=state.path, hint=hint)

        ended = serving.serve(platform.app, listener, ready=ready, stop=platform.stop, say=log.say)
    if not ended:
        output.echo(
            f"Stopped after {serving.GRACE.seconds} s, while a handler still ran. If it had a message, that comes back."
        )
        sys.stdout.flush()
        os._exit(errors.NO)  # a thread that hangs would keep the process for ever
    output.echo("Stopped. Nothing is lost: the next start goes on from here.")


def _print_welcome(program: Program, address: welcome.Address, *, state: Path, hint: str) -> None:
    for line in welcome.banner(program, url=address.url, state=state):
        output.echo(line)
    commands = welcome.commands(program, address, tag=secrets.token_hex(3), today=datetime.now(UTC).date())
    if commands:
        output.echo("\n".join(["", "Try it", *commands]))
    output.echo(f"\n`oort traces {hint}` shows what happened.\n")
    sys.stdout.flush()


@contextmanager
def _log() -> Iterator[Log]:
    """The log, which also shows what services log by `logging`."""
    stream = sys.stdout
    writer = LineWriter(stream)
    log = Log(writer, colours=output.coloured(stream))
    handler, root = ServiceLogs(log), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield log
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        writer.close()
