"""`oort dev`: run the whole platform on this machine, in the foreground."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oort.cli import errors
from oort.cli.arguments import options
from oort.cli.groups import Command
from oort.cli.running import RunOptions, loaded, run
from oort.cli.wiring import platforms

if TYPE_CHECKING:
    import socket

    from oort.cli.dev.reload_children import Child, Supervisor
    from oort.cli.wiring.listening import StateFolder

_EPILOG = """\b
Examples:
  oort dev apps/cometbid
  oort dev apps/cometbid --port 8080 --inline
"""


@click.command(cls=Command, epilog=_EPILOG, short_help="Run the whole platform on this machine.")
@options.path_argument
@options.port_option
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
@options.workers_option
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
    workers: int | None,
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

    if inline and workers is not None:
        raise click.BadParameter("--inline has no worker processes.", param_hint="--workers")
    run_options = RunOptions(
        path, state, inline, throttle=not no_throttle, log=log, workers=workers
    )
    if no_reload:
        with (
            loaded(run_options) as (project, program, parent),
            occupied(platforms.state_folder(project, state), port=port) as (folder, listener),
        ):
            run(program, run_options, folder=folder, listener=listener, workers=parent)
    else:
        ctx.exit(_reloading(run_options, port=port))


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
    with loaded(run_options, writes_byte_code=False) as (project, program, workers):
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
