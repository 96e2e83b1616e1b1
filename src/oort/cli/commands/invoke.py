"""`oort invoke`: run one function once, on the platform's state."""

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from oort.app.programs import Function
from oort.cli import errors
from oort.cli.arguments import completing, options
from oort.cli.groups import Command
from oort.cli.printing import output
from oort.cli.wiring import platforms
from oort.model.functions import Http

if TYPE_CHECKING:
    from oort.cli.wiring.invocations import Consumed
    from oort.model.http import HttpReply

_EPILOG = """\b
Examples:
  oort invoke accounts.sign_up --event new-account.json -C apps/cometbid
  echo '{"path": {"day": "2026-01-31"}}' | oort invoke analytics.show --event - -C apps/cometbid
"""


@click.command(cls=Command, epilog=_EPILOG, short_help="Run one function once.")
@click.argument("function", shell_complete=completing.functions)
@click.option("--event", required=True, metavar="FILE", help="A JSON file, or - for stdin.")
@options.path_option
@options.json_option
@options.state_option
@click.pass_context
def invoke(
    ctx: click.Context, *, function: str, event: str, path: Path, as_json: bool, state: Path | None
) -> None:
    """Run FUNCTION once on the platform's state, with all checks. The platform may run or not.

    For a route, the file holds an object with any of path, query, headers, body, user and groups;
    user and groups describe the caller. For a consumer, the file holds the JSON of an event or a
    message, or a list of several. Messages and events that the function sends are delivered by
    `oort dev`. The exit code is 1 if the function failed or refused.
    """
    from oort.cli.invoke import payloads
    from oort.cli.printing import logs
    from oort.cli.wiring import embedded, invocations

    project, program = platforms.load(path)
    chosen = program.functions[platforms.known(function, list(program.functions), what="function")]
    data = payloads.read(event)
    folder = platforms.state_folder(project, state)
    if isinstance(chosen.model.trigger, Http):
        route, request = payloads.request(data, chosen)
        with (
            embedded.invocable(program, folder) as (engine, issuer),
            contextlib.redirect_stdout(sys.stderr),
            logs.shown_records(),
        ):
            reply = invocations.answer(engine, issuer, route, request)
        _show_reply(chosen, reply, as_json=as_json)
        ctx.exit(0 if reply.status < 400 else errors.NO)
    bodies = payloads.messages(data, chosen)
    with (
        embedded.invocable(program, folder) as (engine, _),
        contextlib.redirect_stdout(sys.stderr),
        logs.shown_records(),
    ):
        consumed = invocations.consume(engine, chosen, bodies)
    _show_consumed(chosen, consumed, as_json=as_json)
    ctx.exit(errors.NO if any(delivery.failure for delivery in consumed) else 0)


def _show_reply(function: Function, reply: "HttpReply", *, as_json: bool) -> None:
    if as_json:
        output.json({
            "function": function.model.name,
            "status": reply.status,
            "headers": dict(reply.headers),
            "body": _parsed(reply.body),
            "trace": reply.trace,
            "error": reply.error or None,
        })  # fmt: skip
        return
    colour = "green" if reply.status < 400 else "red"
    output.echo(
        f"{output.paint(str(reply.status), colour)}  {function.model.name}  trace {reply.trace}"
    )
    body = _parsed(reply.body)
    if body is not None:
        output.echo(msgspec.json.format(msgspec.json.encode(body), indent=2).decode())
    if reply.error:
        _show_traceback(reply.error)


def _show_consumed(function: Function, consumed: "list[Consumed]", *, as_json: bool) -> None:
    if as_json:
        output.json({
            "function": function.model.name,
            "deliveries": [
                {"message": delivery.message, "ok": delivery.failure is None, "trace": delivery.trace,
                 "error": delivery.failure.error if delivery.failure else None,
                 "traceback": delivery.failure.traceback if delivery.failure else None}
                for delivery in consumed
            ],
        })  # fmt: skip
        return
    for delivery in consumed:
        verdict = output.paint("failed", "red") if delivery.failure else output.paint("ok", "green")
        output.echo(f"{verdict}  {function.model.name}  trace {delivery.trace}")
        if delivery.failure:
            output.echo(f"  {output.one_line(delivery.failure.error)}")
            _show_traceback(delivery.failure.traceback)


def _show_traceback(text: str) -> None:
    from oort.cli.printing.logs import readable

    click.echo(readable(text).rstrip(), err=True)


def _parsed(body: bytes) -> object:
    return msgspec.json.decode(body) if body else None
