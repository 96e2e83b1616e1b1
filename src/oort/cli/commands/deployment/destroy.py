"""`oort destroy`: remove a stage's stacks from AWS. Tables and users stay."""

from pathlib import Path

import click

from oort.cli.arguments import options
from oort.cli.deploy import progress
from oort.cli.errors import UnreadableInput
from oort.cli.groups import Command
from oort.cli.printing import output
from oort.cli.wiring import platforms

_EPILOG = """\b
Examples:
  oort destroy -C apps/cometbid --stage test
  oort destroy email -C apps/cometbid --stage test --yes
"""


@click.command(cls=Command, epilog=_EPILOG, short_help="Remove a stage from AWS.")
@click.argument("services", nargs=-1, metavar="[SERVICE]...")
@click.option(
    "--target", type=click.Choice(["aws"]), default="aws", show_default=True, help="The target."
)
@click.option("--stage", required=True, metavar="STAGE", help="The stage.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.path_option
def destroy(
    *,
    services: tuple[str, ...],
    target: str,  # noqa: ARG001  there is only one target
    stage: str,
    yes: bool,
    path: Path,
) -> None:
    """Remove the stacks of a stage, or of the named services: functions, routes, and queues with
    their messages.

    Retained resources stay: tables with their data, users, the key, published versions and the
    bucket of packages. The command asks for the name of the stage first. The exit code is 1 if a
    stack stays.
    """
    project, program = platforms.load(path)
    chosen = platforms.known_services(program, services)
    from oort.cli.deploy import deploy_contracts
    from oort.cli.wiring import cloud
    from oort.rules.cloud import cloud_names
    from oort.rules.cloud.deployed import Outputs

    settings = project.stage(stage)
    target_cloud = cloud.Cloud(settings)
    names = list(cloud.stacks(program, settings, chosen))
    shared = [] if chosen else [cloud_names.location(project.name, stage).stack]
    account = f"account {target_cloud.account.id}, {settings.region}"
    output.echo(f"{project.name}, stage {stage}, {account}: {', '.join(names + shared)}")
    if not yes:
        _confirm(stage)
    rollout = target_cloud.rollout(event=progress.teller(output.echo))
    rollout.remove(names)
    rollout.remove(shared)
    bucket = rollout.stacks.get(cloud_names.location(project.name, stage).assets_stack).outputs.get(
        Outputs.BUCKET
    )
    if bucket:
        deploy_contracts.forget(
            target_cloud.assets(bucket),
            chosen or [service.name for service in program.model.services],
        )
    output.echo(f"{output.counted(len(names + shared), 'stack')} removed.")


def _confirm(stage: str) -> None:
    question = "Waiting messages will be lost. Type the name of the stage to continue"
    if click.prompt(question, default="", show_default=False) != stage:
        raise UnreadableInput("That is not the name of the stage.", "Nothing was removed.")
