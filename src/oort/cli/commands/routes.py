"""`oort routes`: what the platform answers, and to whom."""

from pathlib import Path

import click

from oort.cli import output, platforms, words
from oort.cli.groups import Command
from oort.model.functions import FunctionModel, Http

_EPILOG = """\b
Example:
  oort routes apps/cometbid
"""


@click.command(cls=Command, epilog=_EPILOG, short_help="List the routes, and who may call them.")
@words.path_argument
@words.json_option
def routes(*, path: Path, as_json: bool) -> None:
    """List every route of the platform in PATH with the function behind it and who may call it: anyone, whoever
    brings a valid token, or the members of some groups.
    """
    _, program = platforms.load(path)
    found = [(function, function.trigger) for function in program.model.functions if isinstance(function.trigger, Http)]
    if as_json:
        output.json([_described(function, trigger) for function, trigger in found])
    elif found:
        rows = [(trigger.method, trigger.path, _callers(trigger), function.name) for function, trigger in found]
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
