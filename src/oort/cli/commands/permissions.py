"""`oort permissions`: what each function may do, which is exactly what its signature asks for."""

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
    """Show what every function of the platform in PATH may do: a line for each resource, with the actions. Nothing else
    is allowed to it; a function that is not in the JSON may do nothing.
    """
    _, program = platforms.load(path)
    functions = list(program.model.functions)
    if as_json:
        output.json([
            {"function": one.name, "kind": grant.kind, "resource": grant.resource, "actions": grant.actions}
            for one in functions
            for grant in one.grants
        ])  # fmt: skip
        return
    rows = [
        (one.name, grant.kind.value, grant.resource, ", ".join(grant.actions))
        for one in functions
        for grant in one.grants
    ]
    rows += [(one.name, "", "", "nothing") for one in functions if not one.grants]
    if rows:
        output.table(("FUNCTION", "KIND", "RESOURCE", "ACTIONS"), sorted(rows))
    else:
        output.echo("The platform has no functions.")
