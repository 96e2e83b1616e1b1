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
_UNSEEN = (
    "No merge is running either. Of a merge that is committed, only the side that was kept is seen: "
    "compare the lock files with those of the other branch."
)


@click.command(cls=Command, epilog=_EPILOG, short_help="Merge lock files after a merge conflict.")
@options.path_argument
@click.option("--reason", default="", help="Accept what the merge breaks; the lock files keep why.")
@click.pass_context
def mend(ctx: click.Context, *, path: Path, reason: str) -> None:
    """Merge both sides of every lock file with a merge conflict, after the source is merged and
    before the merge is committed. What either side has published stays published, and the program
    must keep both sides' promises; otherwise the command refuses and writes nothing. With --reason
    it accepts these breaks, as `oort contracts accept` does.

    While Git merges, rebases or picks a commit, a file that was taken from one side, by
    `git checkout --ours` or `--theirs`, is mended too.
    """
    from oort.delivery import checking, conflicts
    from oort.rules.contracts import acceptances

    project, program = platforms.load(path)
    mended = conflicts.mended(project, program)
    if not mended.files:
        output.echo("No lock file has a merge conflict.")
        if not conflicts.sees_a_merge(project.folder):
            output.echo(_UNSEEN)
        return
    objections, final = mended.objections, mended.checked
    if reason.strip() and objections and not acceptances.refused(objections):
        final = conflicts.accepted(mended, objections, reason=reason.strip())
    elif mended.is_refused:
        output.echo(findings.report(objections))
        output.echo("\nThe merged program breaks what a side has published. Nothing was written.")
        ctx.exit(errors.NO)
    checking.lock(final)
    for file in mended.files:
        output.echo(f"{output.relative(file)} mended")
    output.echo("Read the difference, then add the files to the merge.")
