"""`oort tables`: upgrade the stored items of tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oort.cli import errors
from oort.cli.arguments import options
from oort.cli.groups import Group
from oort.cli.printing import output
from oort.cli.wiring import platforms

if TYPE_CHECKING:
    from oort.app.loading.projects import Project
    from oort.app.programs import Program
    from oort.delivery.upgrading import Failed, Progress
    from oort.ports.tables import Tables

_EPILOG = """\b
Example:
  oort tables upgrade accounts.people
"""
_UPGRADE_EPILOG = """\b
Exit codes:
  0 all upgraded, 1 some items could not be upgraded, 64 usage or unreadable input

\b
Examples:
  oort tables upgrade --dry-run
  oort tables upgrade accounts.people -C apps/cometbid --stage prod
"""
_SHOWN = 20  # failures


@click.group(cls=Group, epilog=_EPILOG, short_help="Upgrade the stored items of tables.")
def tables() -> None:
    """Work on the stored items of tables."""


@tables.command(epilog=_UPGRADE_EPILOG, short_help="Upgrade all stored items of tables.")
@click.argument("table", default="")
@options.path_option
@click.option("--stage", metavar="STAGE", help="Use this stage on AWS instead of the state here.")
@click.option("--dry-run", is_flag=True, help="Run the upgrades, and write nothing.")
@options.state_option
@click.pass_context
def upgrade(
    ctx: click.Context,
    *,
    table: str,
    path: Path,
    stage: str | None,
    dry_run: bool,
    state: Path | None,
) -> None:
    """Upgrade every stored item of TABLE, or of all tables, that has an earlier revision. The
    platform may run meanwhile: reads and updates upgrade what they meet, and an item that changes
    at the same time is upgraded in its new form. Deploy the program first.

    The command may be stopped and run again; it goes on with the items that are left.
    """
    from oort.app.handles.tables import TableDeclaration
    from oort.delivery import upgrading

    project, program = platforms.load(path)
    declared = [
        record
        for record in (vars(cls).get("__oort__") for cls in program.resources.values())
        if isinstance(record, TableDeclaration) and table in ("", record.model.name)
    ]
    if not declared:
        known = ", ".join(model.name for model in program.model.tables) or "none"
        raise errors.UnreadableInput(
            f"There is no table {table}.", f"The tables of the platform: {known}."
        )
    behind = [record for record in declared if record.upgrades]
    if not behind:
        output.echo("No upgrades are declared.")
        return
    failed = 0
    with _opened(project, program, stage=stage, state=state) as ports:
        for record in behind:
            progress: list[Progress] = []
            for number, failure in enumerate(
                upgrading.upgrade(record, ports, write=not dry_run, progressed=progress.append)
            ):
                failed += 1
                if number < _SHOWN:
                    output.echo(_failure(record.model.name, failure))
            output.echo(_summary(record.model.name, record.revision, progress[-1], dry_run=dry_run))
    ctx.exit(errors.NO if failed else 0)


@contextmanager
def _opened(
    project: "Project", program: "Program", *, stage: str | None, state: Path | None
) -> "Iterator[Tables]":
    if stage is not None:
        from oort.cli.wiring.cloud import Cloud

        yield Cloud(project.stage(stage)).tables(program.model)
        return
    from oort.cli.wiring import embedded

    with embedded.at_rest(program, platforms.state_folder(project, state)) as engine:
        engine.ports.tables.prepare()
        yield engine.ports.tables


def _failure(table: str, failure: "Failed") -> str:
    key = ", ".join(map(str, failure.key))
    return f"{table} {key}: {output.one_line(failure.why)}"


def _summary(table: str, revision: int, progress: "Progress", *, dry_run: bool) -> str:
    verb = "would be upgraded" if dry_run else "upgraded"
    said = f"{table}: {output.counted(progress.upgraded, 'item')} of {progress.seen} {verb} to revision {revision}"
    return f"{said}, {progress.failed} failed." if progress.failed else f"{said}."
