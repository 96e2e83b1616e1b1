"""`oort graph`: show the trigger of each function, and its reads, writes, sends and events."""

from pathlib import Path

import click

from oort.cli.arguments import options
from oort.cli.groups import Command
from oort.cli.printing import graphs as printed
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
    """Show the platform in PATH as a graph: the trigger of each function, the resources that the
    function reads and writes, and the functions that run because of its messages and events."""
    if as_json and mermaid:
        raise click.UsageError("--json and --mermaid exclude each other: choose one of them.")
    _, program = platforms.load(path)
    drawn = graphs.graph(program.model)
    if as_json:
        output.json(printed.document(drawn))
    else:
        output.echo(printed.mermaid(drawn) if mermaid else printed.text(drawn))
