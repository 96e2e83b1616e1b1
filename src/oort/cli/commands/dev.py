"""`oort dev`: run the whole platform on this machine, in the foreground."""

import logging
import os
import secrets
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oort.app.programs import Program
from oort.cli import errors
from oort.cli.arguments import options
from oort.cli.dev import welcome
from oort.cli.groups import Command
from oort.cli.printing import output
from oort.cli.printing.logs import HandedOver, LineWriter, Log, ServiceLogs, Writer
from oort.cli.wiring import platforms

if TYPE_CHECKING:
    import socket

    from oort.app.loading.projects import Project
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
class RunOptions:
    """The options of the command."""

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
    help="The port to listen on; 0 takes a free port.",
)
@click.option(
    "--inline", is_flag=True, help="One handler at a time, so that a breakpoint stops everything."
)
@click.option(
    "--no-throttle", is_flag=True, help="No limit for requests of a client: for load tests."
)
@click.option(
    "--log",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="The format of the log.",
)
@click.option("--no-reload", is_flag=True, help="Do not reload when files change.")
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
    """Run all services of the platform in PATH, the folder with oort.toml, until Ctrl+C. Requests
    are accepted on 127.0.0.1 only. The state is durable: the next start continues from here, even
    after a crash.

    When a Python file or oort.toml changes, the program reloads and keeps its port and its state.
    If the new program has mistakes, or would misread stored items, this is printed and the old
    program continues to run.

    The log has a line for each request and each delivery. The traceback of a failed handler appears
    once. With `--log json` each line is a JSON object with the same fields as the logs on AWS.
    """
    from oort.cli.wiring.listening import occupied

    run_options = RunOptions(path, state, inline, throttle=not no_throttle, log=log)
    if no_reload:
        with (
            _loaded(run_options) as (project, program, workers),
            occupied(platforms.state_folder(project, state), port=port) as (folder, listener),
        ):
            run(program, run_options, folder=folder, listener=listener, workers=workers)
    else:
        ctx.exit(_reloading(run_options, port=port))


def run(
    program: Program,
    run_options: RunOptions,
    *,
    folder: "StateFolder",
    listener: "socket.socket",
    workers: "socket.socket | None",
    changed: str = "",
    supervisor: "Supervisor | None" = None,
) -> None:
    """Run the program on the state in the folder until a signal. `workers` is the connection to
    their parent. `changed` is the file behind a reload."""
    from oort.cli.dev import serving
    from oort.cli.wiring import embedded

    with _log(run_options.log) as log:
        folder.check()  # before files are made in a folder that is not the one of the lock
        issuer = embedded.issuer_of(folder, platform=program.model.name)
        platform = embedded.started(
            program,
            folder,
            issuer=issuer,
            log=log,
            inline=run_options.inline,
            throttle=run_options.throttle,
            place=f"-C {_hint(run_options)}",
            workers=workers,
        )
        token = issuer.issue(welcome.DEVELOPER, welcome.groups(program), _TOKEN_LIFETIME)
        embedded.write_private(folder.credentials, welcome.credentials(token))
        address = welcome.address(listener, folder.credentials)

        def ready() -> None:
            platform.begin()
            if changed:
                log.say(f"Reloaded: {output.relative(changed)} changed.")
            elif run_options.log == "json":
                log.say(f"Listening on {address.url}")
            else:
                _print_welcome(program, address, state=folder.path, hint=_hint(run_options))
            if supervisor is not None:
                supervisor.ready()

        end = serving.serve(
            platform.app,
            listener,
            ready=ready,
            stop=platform.stop,
            cut=platform.cut,
            say=log.say,
            handing_over=serving.grace(inline=run_options.inline) if supervisor else None,
            failing=platform.lost,
        )
    _say_goodbye(end, silent=run_options.log == "json", cut=platform.was_cut)


def _say_goodbye(end: "End", *, silent: bool, cut: bool) -> None:
    if end.failure is not None:
        if end.finished:
            raise end.failure
        code = errors.explain(end.failure)
        sys.stdout.flush()
        os._exit(code)  # as below
    if not end.finished or cut:
        from oort.cli.dev.serving import GRACE

        output.echo(
            f"Stopped after {GRACE.seconds} s, while a handler still ran. If it had a message, that comes back."
        )
        if end.finished:
            raise SystemExit(errors.NO)
        sys.stdout.flush()
        os._exit(errors.NO)  # a thread that hangs would keep the process for ever
    if not end.handed_over and not silent:
        output.echo("Stopped. Nothing is lost: the next start goes on from here.")


def _reloading(run_options: RunOptions, *, port: int) -> int:
    """Run the platform in child processes that reload on changes; return the exit code."""
    # Everything that children need is imported before the first fork: they share its memory, and a reload takes no imports.
    from oort.cli.dev import reload, reload_children, serving  # noqa: F401
    from oort.cli.dev.reload_files import Files
    from oort.cli.wiring import embedded  # noqa: F401
    from oort.cli.wiring.listening import occupied

    project = platforms.find(run_options.path)
    with occupied(platforms.state_folder(project, run_options.state), port=port) as (
        folder,
        listener,
    ):

        def launch(changed: str, older: "Sequence[Child]") -> "Child":
            def work(supervisor: "Supervisor") -> int:
                return errors.guarded(
                    lambda: _child(
                        run_options, supervisor, folder=folder, listener=listener, changed=changed
                    ),
                    debug="--debug" in sys.argv,
                )

            return reload_children.fork(work, older=older)

        return reload.Reloader(
            Files(project.folder),
            launch=launch,
            wait=lambda children: reload_children.wait(children, at_most=reload.LOOK),
            say=lambda text: click.echo(text, err=True),
        ).run()


def _child(
    run_options: RunOptions,
    supervisor: "Supervisor",
    *,
    folder: "StateFolder",
    listener: "socket.socket",
    changed: str,
) -> None:
    """Load the program, wait until no other process serves, and serve."""
    with _loaded(run_options, writes_byte_code=False) as (project, program, workers):
        if changed:
            from oort.cli.wiring import embedded

            embedded.check(program, folder)  # the older program serves on if this one cannot
        supervisor.loaded(platforms.files_outside(project))
        run(
            program,
            run_options,
            folder=folder,
            listener=listener,
            workers=workers,
            changed=changed,
            supervisor=supervisor,
        )


@contextmanager
def _loaded(
    run_options: RunOptions, *, writes_byte_code: bool = True
) -> "Iterator[tuple[Project, Program, socket.socket | None]]":
    """Load the program, and fork the parent of its workers before the first thread starts.

    Byte code stores times in seconds, and would hide a quick change from a reload.
    """
    from oort.cli.wiring import embedded

    before, threads = embedded.open_files(), threading.enumerate()
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, not writes_byte_code
    project, program = platforms.load(run_options.path)
    sys.dont_write_bytecode = writes
    if run_options.inline:
        yield project, program, None
        return
    _warn_of_threads(threads)
    with embedded.workers_of(program, prepare=_prepare(run_options.log), closing=before) as workers:
        yield project, program, workers


def _warn_of_threads(before: "Collection[threading.Thread]") -> None:
    """Say it if modules of the program have started threads: worker processes do not have them."""
    names = [thread.name for thread in threading.enumerate() if thread not in before]
    if names:
        output.complain(
            f"The program started {output.counted(len(names), 'thread')} while it was loaded:"
            f" {', '.join(names[:3])}. Worker processes do not have them."
            " Start them in a provider instead."
        )


def _prepare(form: str) -> "Callable[[Callable[[str], None]], None]":
    """Return what sets up the log of a worker: its lines go to the log of the platform."""
    colours = output.coloured(sys.stdout)

    def prepare(write: "Callable[[str], None]") -> None:
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(line_buffering=True)
        _, handler = _lines(HandedOver(write), form, colours=colours)
        root = logging.getLogger()
        root.addHandler(handler)
        root.setLevel(logging.INFO)

    return prepare


def _hint(run_options: RunOptions) -> str:
    """The options that other commands need to find this platform."""
    state = f" --state {output.relative(run_options.state)}" if run_options.state else ""
    return output.relative(platforms.find(run_options.path).folder) + state


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
    """Open the log. Records from `logging` go to the same log."""
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


def _lines(writer: Writer, form: str, *, colours: bool) -> tuple[Log, logging.Handler]:
    if form == "json":
        from oort.cli.printing.json_logs import JsonLog, JsonServiceLogs

        structured = JsonLog(writer)
        return structured, JsonServiceLogs(structured)
    log = Log(writer, colours=colours)
    return log, ServiceLogs(log)
