"""`oort synth`: write the CloudFormation templates of a platform. No AWS access or credentials
needed."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oort.app.loading import projects
from oort.app.loading.projects import Project
from oort.app.programs import Program
from oort.cli.arguments import options
from oort.cli.deploy import deploy_warnings
from oort.cli.errors import UnreadableInput
from oort.cli.groups import Command
from oort.cli.printing import output
from oort.cli.wiring import platforms
from oort.model.errors import InvalidProject

if TYPE_CHECKING:
    from oort.cloudformation.resources import Template
    from oort.cloudformation.scope import Code
    from oort.model.delivery.stages import Stage

_EPILOG = """\b
Examples:
  oort synth -C apps/cometbid --out templates
  oort synth accounts -C apps/cometbid --out templates --stage test
"""


@click.command(cls=Command, epilog=_EPILOG, short_help="Write the CloudFormation templates.")
@click.argument("services", nargs=-1, metavar="[SERVICE]...")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="DIR",
    help="The folder for the templates.",
)
@click.option(
    "--stage",
    default="prod",
    metavar="STAGE",
    show_default=True,
    help="The stage, as oort.toml sets it.",
)
@options.path_option
@options.json_option
def synth(*, services: tuple[str, ...], out: Path, stage: str, path: Path, as_json: bool) -> None:
    """Write the CloudFormation templates of the platform into DIR: `platform.template.json` with
    the shared resources, `assets.template.json` with the bucket for packages, and
    `SERVICE.template.json` for each service.

    With SERVICE, write only the templates of these services. The same program gives the same bytes.
    Nothing is deployed and no request goes to AWS.
    """
    project, program = platforms.load(path)
    chosen = platforms.known_services(program, services)
    deploy_warnings.show(program, chosen)
    # Render all before writing the first.
    rendered = list(_templates(project, program, project.stage(stage), chosen))
    written = [(template, _write(template, out)) for template in rendered]
    if as_json:
        output.json([
            {"template": name, "stack": template.stack, "resources": len(template.resources), "bytes": size}
            for template, (name, size) in written
        ])  # fmt: skip
        return
    rows = [
        (name, template.stack, str(len(template.resources)), f"{size:,}")
        for template, (name, size) in written
    ]
    output.table(("TEMPLATE", "STACK", "RESOURCES", "BYTES"), rows, right=frozenset({2, 3}))


def _templates(
    project: Project, program: Program, stage: "Stage", chosen: list[str]
) -> "Iterable[Template]":
    from oort.cloudformation import templates

    platform = program.model
    if taken := sorted(
        {templates.PLATFORM, templates.ASSETS} & {candidate.name for candidate in platform.services}
    ):
        what = f"The service {taken[0]} has the name of another template."
        raise InvalidProject(what, "Rename the service to synthesise the platform.")
    if not chosen:
        yield templates.platform_template(platform, stage)
        yield templates.assets_template(platform, stage)
    code = _codes(project, stage)
    for service in (
        candidate for candidate in platform.services if not chosen or candidate.name in chosen
    ):
        yield templates.service_template(
            service, platform=platform, stage=stage, code=code(service.name)
        )


def _write(template: "Template", out: Path) -> tuple[str, int]:
    """Write a template and return the file name and size."""
    from oort.cloudformation import rendering

    name, data = f"{template.name}.template.json", rendering.rendered(template)
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(data)
    except OSError as error:
        problem = f"{output.relative(out)} cannot be written: {error.strerror}."
        raise UnreadableInput(problem, "Name another folder.") from error
    return name, len(data)


def _codes(project: Project, stage: "Stage") -> "Callable[[str], Code]":
    """Return a function that gives the code of a service, with the fingerprint of its package."""
    from oort.cloudformation.scope import Code
    from oort.delivery.packages import Packer

    homes = projects.homes(project)
    packer = Packer(project, stage=stage, homes=homes)
    return lambda service: Code(packer.package(service).fingerprint, homes[service])
