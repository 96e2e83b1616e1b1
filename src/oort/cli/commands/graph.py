"""`oort graph`: what triggers each function, and what it reads, writes, sends and publishes."""

from pathlib import Path

import click

from oort.cli.arguments import options
from oort.cli.groups import Command
from oort.cli.printing import output
from oort.cli.wiring import platforms
from oort.rules import graphs

_EPILOG = """\b
Examples:
  oort graph apps/cometbid
  oort graph apps/cometbid --mermaid > graph.mmd
"""


@click.command(cls=Command, epilog=_EPILOG, short_help="Show what triggers what, across services.")
@options.path_argument
@options.json_option
@click.option(
    "--mermaid", is_flag=True, help="Print a Mermaid flowchart, which GitHub and others draw."
)
def graph(*, path: Path, as_json: bool, mermaid: bool) -> None:
    """Show the platform in PATH as a graph: what triggers each function, what it reads and writes, and which functions
    run because of what it sends or publishes.
    """
    if as_json and mermaid:
        raise click.UsageError("--json and --mermaid are two forms of the same thing: choose one.")
    _, program = platforms.load(path)
    found = graphs.graph(program.model)
    if as_json:
        output.json(graphs.document(found))
    else:
        output.echo(graphs.mermaid(found) if mermaid else graphs.text(found))
