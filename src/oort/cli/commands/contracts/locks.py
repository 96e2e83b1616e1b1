"""`oort contracts check` and `oort contracts lock`: find breaking changes, and write the lock
files."""

from collections import Counter
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
    name = "stage"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Check the name of a stage. An invalid name is a usage error."""
        if not names.STAGE.fullmatch(str(value)):
            self.fail(
                f"{value!r} is not a stage name: use at most 16 lower-case letters and digits.",
                param,
                ctx,
            )
        return str(value)


@click.command(
    cls=Command, epilog=_CHECK_EPILOG, short_help="Find changes that would break running services."
)
@options.path_argument
@click.option(
    "--locked",
    is_flag=True,
    help="Also refuse lock files that are missing, outdated or changed by hand; for builds.",
)
@options.json_option
@click.pass_context
def check(ctx: click.Context, *, path: Path, locked: bool, as_json: bool) -> None:
    """Compare the events, routes, tables, queues and calls of the platform in PATH with its lock
    files in contracts/.

    The program must be able to read all published events, stored items, waiting messages and calls,
    and running services must be able to read what it writes, for every revision. A change without
    proof is refused. Each objection
    names the field with file and line, a document that would be refused, the consumers that would
    break, and a fix. Drafts, which no stage has, may change freely. A change that breaks nobody but
    is not locked is a warning; a deployment needs it locked.

    With --json, print a list of findings. A finding can have these members: weight (objection,
    warning, note), code, event and version or service and route, field, pointer, file, line, what,
    side, refused_by, witness, consumers and instead. For a table, a queue or a call, the member of
    that name holds its name.
    """
    from oort.delivery import checking

    project, program = platforms.load(path)
    checked = checking.check(project, program)
    stale = checking.stale(checked) if locked else []
    if as_json:
        output.json([*findings.documents(checked.findings), *map(_stale_document, stale)])
    else:
        _tell(project.name, checked)
        for file in stale:
            output.echo(f"{file} {_STALE}. {_RELOCK}")
    ctx.exit(errors.NO if checked.objections or stale else 0)


@click.command(cls=Command, epilog=_LOCK_EPILOG, short_help="Write the lock files in contracts/.")
@options.path_argument
@click.option(
    "--publish",
    type=_Stage(),
    metavar="STAGE",
    help="Mark all contracts as deployed to STAGE, after you deployed them by other means.",
)
@click.pass_context
def lock(ctx: click.Context, *, path: Path, publish: str | None) -> None:
    """Write the lock files of the platform in PATH beside oort.toml: contracts/EVENT/VERSION.json,
    contracts/SERVICE/openapi.json, contracts/SERVICE/tables/NAME.json, and the same for queues and
    calls. Commit them.

    A new contract is a draft and changes freely until `oort deploy` marks it as published. If a
    change breaks a published contract, the command refuses and writes nothing.

    A lock file lists the stages of all forms of its contract. So a changed contract is printed with
    the stages that still run an earlier form, until it is deployed there.
    """
    from oort.delivery import checking

    checked = checking.check(*platforms.load(path))
    if checked.refuses_lock:
        output.echo(findings.report(checked.objections))
        output.echo()
        output.echo("Nothing was written.")
        ctx.exit(errors.NO)
    findings.changes(
        checked.folder,
        checking.lock(checked, stage=publish or ""),
        before=checked.locks,
        say=output.echo,
        stage=publish or "",
        marked="marked as published in",
    )


_STALE = "is missing, outdated, or was changed by hand"
_RELOCK = "Run oort contracts lock, read the difference, and commit the file."


def _stale_document(file: str) -> dict[str, str]:
    return {
        "weight": "objection",
        "code": "lock.stale",
        "file": file,
        "what": f"{file} {_STALE}.",
        "instead": _RELOCK,
    }


def _tell(name: str, checked: "Checked") -> None:
    if checked.findings:
        output.echo(findings.report(checked.findings))
        output.echo()
    events = output.counted(len(checked.declared.events), "event version")
    services = output.counted(len(checked.declared.apis), "service")
    kinds = Counter(kind.value for kind, _ in checked.declared.data)
    data = "".join(f", {output.counted(kinds[kind], kind)}" for kind in sorted(kinds))
    objections, warnings = (
        len(checked.objections),
        sum(finding.weight == "warning" for finding in checked.findings),
    )
    output.echo(
        f"{name}: {events}, routes of {services}{data}; "
        f"{output.counted(objections, 'objection')}, {output.counted(warnings, 'warning')}."
    )
