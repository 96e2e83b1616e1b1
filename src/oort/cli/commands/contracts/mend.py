"""`oort contracts mend`: merge the two sides of lock files with a merge conflict."""

from pathlib import Path

import click

from oort.cli import errors
from oort.cli.arguments import options
from oort.cli.groups import Command
from oort.cli.printing import findings, output
from oort.cli.wiring import platforms

_EPILOG = """\b
Exit codes:
  0 mended, 1 refused, 64 usage or unreadable input

\b
Examples:
  git merge topic; oort contracts mend
"""


@click.command(cls=Command, epilog=_EPILOG, short_help="Merge lock files after a merge conflict.")
@options.path_argument
@click.option("--reason", default="", help="Accept what the merge breaks; the lock files keep why.")
@click.pass_context
def mend(ctx: click.Context, *, path: Path, reason: str) -> None:
    """Merge both sides of every lock file with a merge conflict, after the source is merged. What
    either side has published stays published, and the program must keep both sides' promises;
    otherwise the command refuses and writes nothing. With --reason it accepts these breaks, as
    `oort contracts accept` does.
    """
    from oort.delivery import checking, conflicts
    from oort.rules.contracts import acceptances

    mended = conflicts.mended(*platforms.load(path))
    if not mended.files:
        output.echo("No lock file has a merge conflict.")
        return
    both = [finding for side in mended.sides for finding in side.objections]
    objections = list({(each.subject, each.route, each.what): each for each in both}.values())
    final = mended.checked
    if reason.strip() and objections and not acceptances.refused(objections):
        final = conflicts.accepted(mended, objections, reason=reason.strip())
    elif any(side.refuses_lock for side in mended.sides):
        output.echo(findings.report(objections))
        output.echo("\nThe merged program breaks what a side has published. Nothing was written.")
        ctx.exit(errors.NO)
    checking.lock(final)
    for file in mended.files:
        output.echo(f"{output.relative(file)} mended")
    output.echo("Read the difference, then add the files to the merge.")
