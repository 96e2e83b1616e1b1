"""`oort dev`: the whole platform on this machine, in the foreground."""

import logging
import os
import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oort.app.programs import Program
from oort.cli import errors
from oort.cli.arguments import options
from oort.cli.dev import welcome
from oort.cli.groups import Command
from oort.cli.printing import output
from oort.cli.printing.logs import LineWriter, Log, ServiceLogs
from oort.cli.wiring import platforms

if TYPE_CHECKING:
    import socket

    from oort.cli.dev.reload_children import Child, Supervisor
    from oort.cli.dev.serving import End
    from oort.cli.wiring.listening import StateFolder

_EPILOG = """\b
Examples:
  oort dev apps/cometbid
  oort dev apps/cometbid --port 8080 --inline
"""
_TOKEN_LIFETIME = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the words of the command ask for."""

    path: Path
    state: Path | None
    inline: bool
    throttle: bool
    log: str = "text"


@click.command(cls=Command, epilog=_EPILOG, short_help="Run the whole platform on this machine.")
@options.path_argument
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Where to listen; 0 takes a free port.",
)
@click.option(
    "--inline", is_flag=True, help="One handler at a time, so that a breakpoint stops everything."
)
@click.option(
    "--no-throttle", is_flag=True, help="No limit for what one client asks: for tests of load."
)
@click.option(
    "--log",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How the log is written.",
)
@click.option("--no-reload", is_flag=True, help="Do not follow changes of the files.")
@options.state_option
@click.pass_context
def dev(
    ctx: click.Context,
    *,
    path: Path,
    port: int,
    inline: bool,
    no_throttle: bool,
    no_reload: bool,
    log: str,
    state: Path | None,
) -> None:
    """Run all services of the platform in PATH, the folder with oort.toml, until Ctrl+C. Requests are answered on
    127.0.0.1 only. The state is durable: the next start goes on where this one ended, even after a crash.

    When a Python file or oort.toml changes, the program is loaded again, with port and state as they are. If it has
    mistakes, they are printed, and the program as it was goes on.

    The log has a line for each request and each delivery; the traceback of a handler that raises follows once. With
    `--log json` each line is a JSON object with the fields that functions write on AWS.
    """
    from oort.cli.wiring.listening import occupied

    asked = Asked(path, state, inline, throttle=not no_throttle, log=log)
    if no_reload:
        project, program = platforms.load(path)
        with occupied(platforms.state_folder(project, state), port=port) as (folder, listener):
            run(program, asked, folder=folder, listener=listener)
    else:
        ctx.exit(_reloading(asked, port=port))


def run(
    program: Program,
    asked: Asked,
    *,
    folder: "StateFolder",
    listener: "socket.socket",
    changed: str = "",
    supervisor: "Supervisor | None" = None,
) -> None:
    """Run the program on the state in the folder until a signal. `changed` is the file that caused a reload."""
    from oort.cli.dev import serving
    from oort.cli.wiring import embedded

    with _log(asked.log) as log:
        issuer = embedded.issuer_of(folder, platform=program.model.name)
        platform = embedded.started(
            program,
            folder,
            issuer=issuer,
            log=log,
            inline=asked.inline,
            throttle=asked.throttle,
            place=f"-C {_hint(asked)}",
        )
        address = welcome.address(listener, folder.path)
        welcome.write_credentials(
            address.credentials,
            issuer.issue(welcome.DEVELOPER, welcome.groups(program), _TOKEN_LIFETIME),
        )

        def ready() -> None:
            if changed:
                log.say(f"Reloaded: {output.relative(changed)} changed.")
            elif asked.log == "json":
                log.say(f"Listening on {address.url}")
            else:
                _print_welcome(program, address, state=folder.path, hint=_hint(asked))
            if supervisor is not None:
                supervisor.ready()

        grace = serving.AT_A_BREAKPOINT if asked.inline else serving.GRACE
        end = serving.serve(
            platform.app,
            listener,
            ready=ready,
            stop=platform.stop,
            say=log.say,
            handing_over=grace if supervisor else None,
        )
    _say_goodbye(end, silent=asked.log == "json")


def _say_goodbye(end: "End", *, silent: bool) -> None:
    if not end.finished:
        from oort.cli.dev.serving import GRACE

        output.echo(
            f"Stopped after {GRACE.seconds} s, while a handler still ran. If it had a message, that comes back."
        )
        sys.stdout.flush()
        os._exit(errors.NO)  # a thread that hangs would keep the process for ever
    if not end.handed_over and not silent:
        output.echo("Stopped. Nothing is lost: the next start goes on from here.")


def _reloading(asked: Asked, *, port: int) -> int:
    """Run the platform in children that follow the files; the exit code."""
    # Everything that children need is imported before the first fork: they share its memory, and a reload takes no imports.
    from oort.cli.dev import reload, reload_children, serving  # noqa: F401
    from oort.cli.dev.reload_files import Files
    from oort.cli.wiring import embedded  # noqa: F401
    from oort.cli.wiring.listening import occupied

    project = platforms.find(asked.path)
    with occupied(platforms.state_folder(project, asked.state), port=port) as (folder, listener):

        def launch(changed: str, others: "Sequence[Child]") -> "Child":
            def work(supervisor: "Supervisor") -> int:
                return errors.guarded(
                    lambda: _child(
                        asked, supervisor, folder=folder, listener=listener, changed=changed
                    ),
                    debug="--debug" in sys.argv,
                )

            return reload_children.fork(work, others=others)

        return reload.Reloader(
            Files(project.folder),
            launch=launch,
            wait=lambda children: reload_children.wait(children, at_most=reload.LOOK),
            say=lambda text: click.echo(text, err=True),
        ).run()


def _child(
    asked: Asked,
    supervisor: "Supervisor",
    *,
    folder: "StateFolder",
    listener: "socket.socket",
    changed: str,
) -> None:
    """Load the program, wait until nobody else serves, and serve."""
    writes, sys.dont_write_bytecode = (
        sys.dont_write_bytecode,
        True,
    )  # it counts in seconds, and would hide a quick change
    project, program = platforms.load(asked.path)
    sys.dont_write_bytecode = writes
    supervisor.loaded(platforms.files_outside(project))
    run(program, asked, folder=folder, listener=listener, changed=changed, supervisor=supervisor)


def _hint(asked: Asked) -> str:
    """What other commands need to find this platform."""
    state = f" --state {output.relative(asked.state)}" if asked.state else ""
    return output.relative(platforms.find(asked.path).folder) + state


def _print_welcome(program: Program, address: welcome.Address, *, state: Path, hint: str) -> None:
    for line in welcome.banner(program, url=address.url, state=state):
        output.echo(line)
    commands = welcome.commands(
        program, address, tag=secrets.token_hex(3), today=datetime.now(UTC).date()
    )
    if commands:
        output.echo("\n".join(["", "Try it", *commands]))
    output.echo(f"\n`oort traces {hint}` shows what happened.\n")
    sys.stdout.flush()


@contextmanager
def _log(form: str) -> Iterator[Log]:
    """The log, which also shows what services log by `logging`."""
    stream = sys.stdout
    writer = LineWriter(stream)
    log, handler = _lines(writer, form, colours=output.coloured(stream))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield log
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        writer.close()


def _lines(writer: LineWriter, form: str, *, colours: bool) -> tuple[Log, logging.Handler]:
    if form == "json":
        from oort.cli.printing.json_logs import JsonLog, JsonServiceLogs

        structured = JsonLog(writer)
        return structured, JsonServiceLogs(structured)
    log = Log(writer, colours=colours)
    return log, ServiceLogs(log)
