"""`oort routes`: list the routes of a platform and their callers."""

from pathlib import Path

import click

from oort.cli.arguments import options
from oort.cli.groups import Command
from oort.cli.printing import output
from oort.cli.wiring import platforms
from oort.model.functions import FunctionModel, Http

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
    caller with a valid token, or the members of some groups."""
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
            (trigger.method, trigger.path, _callers(trigger), function.name)
            for function, trigger in listed
        ]
        output.table(("METHOD", "PATH", "FOR", "FUNCTION"), rows)
    else:
        output.echo("The platform has no routes.")


def _callers(trigger: Http) -> str:
    if trigger.public:
        return "anyone"
    return f"groups {', '.join(trigger.groups)}" if trigger.groups else "signed in"


def _described(function: FunctionModel, trigger: Http) -> dict[str, object]:
    return {
        "method": trigger.method,
        "path": trigger.path,
        "function": function.name,
        "status": trigger.status,
        "public": trigger.public,
        "groups": trigger.groups,
        "file": output.relative(function.source.file),
        "line": function.source.line,
    }
