"""`oort contracts check` and `oort contracts lock`: whether a change breaks what is published, and the files that know that."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from oort.cli import errors
from oort.cli.arguments import options
from oort.cli.groups import Command
from oort.cli.printing import findings, output
from oort.cli.wiring import platforms
from oort.model import names

if TYPE_CHECKING:
    from oort.delivery.checking import Checked

_CHECK_EPILOG = """\b
Exit codes:
  0 yes, 1 no, 64 usage or unreadable input

\b
Examples:
  oort contracts check apps/cometbid
  oort contracts check apps/cometbid --locked
"""
_LOCK_EPILOG = """\b
Exit codes:
  0 written, 1 refused, 64 usage or unreadable input

\b
Examples:
  oort contracts lock apps/cometbid
  oort contracts lock apps/cometbid --publish prod
"""


class _Stage(click.ParamType[str]):
    """The name of a stage."""

    name = "stage"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """The name; a usage error for what no stage can be called."""
        if not names.STAGE.fullmatch(str(value)):
            self.fail(
                f"{value!r} is no stage: use at most 16 lower-case letters and digits.", param, ctx
            )
        return str(value)


@click.command(
    cls=Command, epilog=_CHECK_EPILOG, short_help="Find what would break those who run already."
)
@options.path_argument
@click.option(
    "--locked", is_flag=True, help="Refuse lock files that are out of date as well; for the build."
)
@options.json_option
@click.pass_context
def check(ctx: click.Context, *, path: Path, locked: bool, as_json: bool) -> None:
    """Hold the events and routes of the platform in PATH against its lock files in contracts/. What was published must be
    readable by the program, and what the program publishes by those who run already, for every revision of a version. What
    cannot be proven is refused. Each objection names the field with file and line, a document that would be refused, the
    consumers that would break, and what to do. Drafts, which no stage has seen, may change freely. A change that breaks nobody
    and is not locked yet is a warning; a deployment wants it locked.

    With --json a list of findings, each with weight (objection, warning, note), code, event and version or service and
    route, field, pointer, file, line, what, side, refused_by, witness, consumers and instead, as far as it has them.
    """
    from oort.delivery import checking

    project, program = platforms.load(path)
    found = checking.check(project, program)
    if as_json:
        output.json(findings.documents(found.findings))
    else:
        _tell(project.name, found)
    ctx.exit(errors.NO if found.objections or (locked and found.outdated) else 0)


@click.command(cls=Command, epilog=_LOCK_EPILOG, short_help="Write what is agreed into contracts/.")
@options.path_argument
@click.option(
    "--publish", type=_Stage(), metavar="STAGE", help="Say that all of it is deployed to STAGE."
)
@click.pass_context
def lock(ctx: click.Context, *, path: Path, publish: str | None) -> None:
    """Write the lock files of all events and routes of the platform in PATH: contracts/EVENT/VERSION.json and
    contracts/SERVICE/openapi.json beside oort.toml. Commit them. What is new is a draft and changes freely until it is
    published: `oort deploy` marks that. A change that breaks what is published is refused, and then nothing is written.
    """
    from oort.delivery import checking

    found = checking.check(*platforms.load(path))
    if found.refuses_lock:
        output.echo(findings.report(found.objections))
        output.echo()
        output.echo("Nothing was written.")
        ctx.exit(errors.NO)
    findings.changes(found.folder, checking.lock(found, stage=publish or ""), say=output.echo)


def _tell(name: str, found: "Checked") -> None:
    if found.findings:
        output.echo(findings.report(found.findings))
        output.echo()
    events = output.counted(len(found.declared.events), "event version")
    services = output.counted(len(found.declared.apis), "service")
    objections, warnings = (
        len(found.objections),
        sum(one.weight == "warning" for one in found.findings),
    )
    output.echo(
        f"{name}: {events}, routes of {services}; "
        f"{output.counted(objections, 'objection')}, {output.counted(warnings, 'warning')}."
    )
