"""`oort permissions`: show the permissions of each function. They follow from its signature."""

from pathlib import Path

import click

from oort.cli.arguments import options
from oort.cli.groups import Command
from oort.cli.printing import output
from oort.cli.wiring import platforms

_EPILOG = """\b
Example:
  oort permissions apps/cometbid
"""


@click.command(
    cls=Command, epilog=_EPILOG, short_help="Show what each function may do to which resource."
)
@options.path_argument
@options.json_option
def permissions(*, path: Path, as_json: bool) -> None:
    """Show the permissions of every function of the platform in PATH: a line for each resource,
    with the actions. All other actions are forbidden. A function without permissions is not in the
    JSON."""
    _, program = platforms.load(path)
    functions = list(program.model.functions)
    if as_json:
        output.json([
            {"function": function.name, "kind": grant.kind, "resource": grant.resource, "actions": grant.actions}
            for function in functions
            for grant in function.grants
        ])  # fmt: skip
        return
    rows = [
        (function.name, grant.kind.value, grant.resource, ", ".join(grant.actions))
        for function in functions
        for grant in function.grants
    ]
    rows += [(function.name, "", "", "nothing") for function in functions if not function.grants]
    if rows:
        output.table(("FUNCTION", "KIND", "RESOURCE", "ACTIONS"), sorted(rows))
    else:
        output.echo("The platform has no functions.")
