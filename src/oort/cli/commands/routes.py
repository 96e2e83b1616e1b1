"""`oort routes`: list the routes of a platform and their callers."""

from pathlib import Path

import click

from oort.cli.arguments import options
from oort.cli.groups import Command
from oort.cli.printing import output
from oort.cli.wiring import platforms
from oort.model.functions import FunctionModel, Http
from oort.rules.http import access

_EPILOG = """\b
Examples:
  oort routes apps/cometbid
  oort routes apps/cometbid --openapi > openapi.json
"""


@click.command(cls=Command, epilog=_EPILOG, short_help="List the routes, and who may call them.")
@options.path_argument
@options.json_option
@click.option(
    "--openapi",
    "as_openapi",
    is_flag=True,
    help="Print only the OpenAPI 3.1 document.",
)
def routes(*, path: Path, as_json: bool, as_openapi: bool) -> None:
    """List every route of the platform in PATH, with its function and its callers: anyone, every
    caller with a valid token, the members of some groups, or the owner that the path names."""
    if as_json and as_openapi:
        raise click.UsageError("--json and --openapi exclude each other: choose one of them.")
    _, program = platforms.load(path)
    if as_openapi:
        from oort.app.documents import openapi

        click.echo(openapi.encoded(program), nl=False)
        return
    listed = [
        (function, function.trigger)
        for function in program.model.functions
        if isinstance(function.trigger, Http)
    ]
    if as_json:
        output.json([_described(function, trigger) for function, trigger in listed])
    elif listed:
        rows = [
            (trigger.method, trigger.path, access.callers(trigger) or "signed in", function.name)
            for function, trigger in listed
        ]
        output.table(("METHOD", "PATH", "FOR", "FUNCTION"), rows)
    else:
        output.echo("The platform has no routes.")


def _described(function: FunctionModel, trigger: Http) -> dict[str, object]:
    return {
        "method": trigger.method,
        "path": trigger.path,
        "function": function.name,
        "status": trigger.status,
        "public": trigger.public,
        "groups": trigger.groups,
        "owner": trigger.owner or None,
        "file": output.relative(function.source.file),
        "line": function.source.line,
    }
