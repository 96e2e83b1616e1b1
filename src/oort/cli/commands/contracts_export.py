"""`oort contracts export`: what the events of a platform look like, for other programs and other languages."""

from pathlib import Path

import click

from oort.cli import output, platforms, words
from oort.cli.groups import Command

_EPILOG = """\b
Example:
  oort contracts export apps/cometbid
"""


@click.command(cls=Command, epilog=_EPILOG, short_help="Print the JSON Schemas of all events.")
@words.path_argument
def export(*, path: Path) -> None:
    """Print every version of every event that the platform in PATH publishes or consumes, as JSON: its name, version and key,
    where it stands, who publishes and who consumes it, and two JSON Schemas (2020-12): `writer`, closed, is what is
    published; `reader`, open, is what a consumer accepts, which passes over what it does not know.
    """
    from oort.app import contracts
    from oort.rules import eventschemas

    _, program = platforms.load(path)
    output.json([
        {
            "event": one.model.name,
            "version": one.model.version,
            "key": one.model.key,
            "service": one.model.service,
            "file": output.relative(one.model.source.file),
            "line": one.model.source.line,
            "producers": one.producers,
            "consumers": one.consumers,
            "writer": eventschemas.writer(one.kind),
            "reader": eventschemas.reader(one.kind),
        }
        for one in contracts.events(program)
    ])  # fmt: skip
