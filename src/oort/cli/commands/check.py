"""`oort check`: list every mistake in a platform's services, with its place and a fix."""

from pathlib import Path

import click

from oort.app.declaring.policies import judge
from oort.app.loading import projects
from oort.app.loading.projects import Project
from oort.app.programs import Program
from oort.cli import errors
from oort.cli.arguments import options
from oort.cli.groups import Command
from oort.cli.printing import output
from oort.cli.wiring import platforms
from oort.model.contracts import Locks
from oort.model.errors import InvalidProgram, Mistake, Source

_EPILOG = """\b
Example:
  oort check apps/cometbid
"""


@click.command(cls=Command, epilog=_EPILOG, short_help="Find every mistake in the services.")
@options.path_argument
@options.json_option
@click.pass_context
def check(ctx: click.Context, *, path: Path, as_json: bool) -> None:
    """Load the services of the platform in PATH without running them, and print every mistake: its
    place, its cause and a fix.

    The check also refuses what AWS does not have, such as a schedule of ninety seconds, and services that
    exceed its quotas in a stage of oort.toml, such as 500 resources in a stack. Then the project's own policies run: the functions under @policy. The exit code is 0 without
    mistakes and 1 with mistakes.
    """
    try:
        project, program = platforms.load(path)
        objections = [
            *_impossible(project, program),
            *_misnumbered(project, program),
            *judge(program.model, projects.policies(project)),
        ]
        if objections:
            raise InvalidProgram(objections)
    except InvalidProgram as error:
        if as_json:
            output.json(_refused(error))
        else:
            output.echo(errors.mistakes(error))
        ctx.exit(errors.NO)
    if as_json:
        output.json(_accepted(program))
        return
    model = program.model
    services = output.counted(len(model.services), "service")
    functions = output.counted(len(program.functions), "function")
    output.echo(f"{project.name}: {services}, {functions}, no mistakes.")


def _impossible(project: Project, program: Program) -> list[Mistake]:
    """Mistakes that only a deployment to AWS would reveal: one machine can run more than AWS."""
    from oort.cloudformation import verdicts

    return verdicts.mistakes(
        program.model,
        project.stages or (project.stage("prod"),),
        project=Source(str(project.folder / projects.FILE), 1),
        services={service.name: service.declared.source for service in projects.services(project)},
        homes=projects.homes(project),
    )


def _misnumbered(project: Project, program: Program) -> list[Mistake]:
    """Events that begin with a version above 1 for no reason in the lock files."""
    from oort.app.documents import declared_contracts
    from oort.rules.contracts import first_versions

    kinds = declared_contracts.kinds(program)
    if not any(first_versions.without_earlier(kinds, Locks())):
        return []
    from oort.delivery import lockfiles

    return [
        Mistake(
            kinds[version].__oort__.model.source,
            "event.first",
            first_versions.what(version),
            first_versions.INSTEAD,
        )
        for version in first_versions.without_earlier(kinds, lockfiles.read(project.folder))
    ]


def _accepted(program: Program) -> dict[str, object]:
    return {
        "ok": True,
        "services": len(program.model.services),
        "functions": len(program.functions),
        "mistakes": [],
    }


def _refused(error: InvalidProgram) -> dict[str, object]:
    mistakes = [
        {
            "file": output.relative(mistake.source.file),
            "line": mistake.source.line,
            "code": mistake.code,
            "what": mistake.what,
            "instead": mistake.instead,
        }
        for mistake in error.mistakes
    ]
    return {"ok": False, "services": None, "functions": None, "mistakes": mistakes}
