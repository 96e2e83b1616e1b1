"""`oort contracts catalog`: pages for people about all events and routes of a platform."""

from pathlib import Path

import click

from oort.cli import errors
from oort.cli.arguments import options
from oort.cli.groups import Command
from oort.cli.printing import output
from oort.cli.wiring import platforms

_EPILOG = """\b
Examples:
  oort contracts catalog apps/cometbid --out site
  oort contracts catalog apps/cometbid --out docs/events --format markdown
"""


@click.command(cls=Command, epilog=_EPILOG, short_help="Write pages about all events and routes.")
@options.path_argument
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="The folder to write into.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "markdown"]),
    default="html",
    help="A site that needs no server and no network (html, the default), or Markdown.",
)
def catalog(*, path: Path, out: Path, form: str) -> None:
    """Write a catalogue of the platform in PATH into DIR: a page for each event, with its versions, fields, examples and
    conversions, who publishes it and who consumes it; a page for each service, with its routes; and one that leads to them.

    DIR must be new, empty, or a catalogue that was written before, which is brought up to date. The same program gives the
    same bytes.
    """
    from oort.console.catalog import contents, folder, markdown, webpages

    project, program = platforms.load(path)
    writer = webpages if form == "html" else markdown
    pages = contents.pages(program, root=project.root)
    files = {f"{one.name}{writer.ENDING}": writer.page(one, platform=project.name) for one in pages}
    try:
        if not folder.is_ours(out):
            what = f"{output.relative(out)} holds something else than a catalogue."
            raise errors.UnreadableInput(what, "Name a folder that is new, empty, or a catalogue.")
        folder.write(out, files)
    except OSError as error:
        what = f"{output.relative(out)} cannot be written: {error.strerror}."
        raise errors.UnreadableInput(what, "Name another folder.") from error
    output.echo(
        f"{output.counted(len(files), 'page')} in {output.relative(out)}; begin at index{writer.ENDING}."
    )
