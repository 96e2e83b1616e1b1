"""`oort contracts accept`: keep the reason of a deliberate break, and open the gate for it."""

from pathlib import Path

import click

from oort.cli import errors
from oort.cli.arguments import options
from oort.cli.groups import Command
from oort.cli.printing import findings, output
from oort.cli.wiring import platforms

_EPILOG = """\b
Exit codes:
  0 accepted, 1 refused, 64 usage or unreadable input

\b
Examples:
  oort contracts accept accounts --route "GET /accounts/{id}" --reason "Nobody calls it since May."
  oort contracts accept accounts.archive --reason "Empty in every stage." -C apps/cometbid
"""


@click.command(cls=Command, epilog=_EPILOG, short_help="Accept a deliberate break, with a reason.")
@click.argument("subject")
@options.path_option
@click.option(
    "--route", "routes", multiple=True, help='A route of the service, as "GET /accounts/{id}".'
)
@click.option("--reason", required=True, help="Why the break harms nobody; the lock file keeps it.")
@click.pass_context
def accept(
    ctx: click.Context, *, subject: str, path: Path, routes: tuple[str, ...], reason: str
) -> None:
    """Accept the objections of `oort contracts check` to SUBJECT: a service (for its routes), a
    table, a queue, a call, or an event that is gone. The lock file keeps the reason, and the stages
    that still run the contract from before. A deployment to these stages then passes.

    A later break needs another acceptance. An event that changes gets a new version instead.
    """
    from oort.delivery import checking
    from oort.rules.contracts import acceptances

    checked = checking.check(*platforms.load(path))
    if not reason.strip():
        raise click.UsageError("--reason is empty: say why the break harms nobody.")
    accepted = acceptances.objections(checked.findings, subject, routes)
    if not accepted:
        what = f"{', '.join(routes)} of {subject}" if routes else subject
        raise errors.UnreadableInput(
            f"There is no objection to {what}.",
            "Run oort contracts check, and name a subject as it stands there.",
        )
    left = [
        finding
        for finding in acceptances.objections(checked.findings, subject, ())
        if finding not in accepted
    ]
    if refused := acceptances.refused(accepted):
        output.echo(findings.report(refused))
        output.echo("\nAn event changes by a new version. Nothing was written.")
        ctx.exit(errors.NO)
    if left:
        output.echo(findings.report(left))
        output.echo("\nThese objections are left: name their routes too. Nothing was written.")
        ctx.exit(errors.NO)
    changes = checking.accept(checked, accepted, reason=reason.strip())
    for finding in accepted:
        output.echo(f"Accepted: {findings.subject(finding)}: {finding.what}")
    findings.changes(checked.folder, changes, before=checked.locks, say=output.echo)
