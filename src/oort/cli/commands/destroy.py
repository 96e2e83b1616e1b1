"""`oort destroy`: removes a stage's stacks from AWS. Tables and users stay, and are taken back by the next deployment."""

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
    "--target", type=click.Choice(["aws"]), default="aws", show_default=True, help="From where."
)
@click.option("--stage", required=True, metavar="STAGE", help="The stage.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.path_option
def destroy(*, services: tuple[str, ...], target: str, stage: str, yes: bool, path: Path) -> None:  # noqa: ARG001  there is one target
    """Remove the stage's stacks, or those of the named services: functions, routes, queues and all that waits in them. What
    the templates mark to be retained stays: tables with their data, users, the key, published versions and the bucket of
    packages. It asks for the name of the stage first. The exit code is 1 if a stack stays.
    """
    project, program = platforms.load(path)
    chosen = [
        platforms.known(name, [one.name for one in program.model.services], what="service")
        for name in services
    ]
    from oort.cli.deploy import deploy_contracts
    from oort.cli.wiring import cloud
    from oort.delivery import shipping
    from oort.rules.cloud import cloud_names

    settings = project.stage(stage)
    here = cloud.Cloud(settings)
    names = list(cloud.stacks(program, settings, chosen))
    shared = [] if chosen else [cloud_names.place(project.name, stage).stack]
    output.echo(
        f"{project.name}, stage {stage}, account {here.account.id}, {settings.region}: {', '.join(names + shared)}"
    )
    if (
        not yes
        and click.prompt(
            "Messages that wait are lost. Type the name of the stage to go on",
            default="",
            show_default=False,
        )
        != stage
    ):
        raise UnreadableInput("That is not the name of the stage.", "Nothing was removed.")
    rollout = here.rollout(event=progress.teller(output.echo))
    rollout.remove(names)
    rollout.remove(shared)
    bucket = rollout.stacks.get(cloud_names.place(project.name, stage).assets_stack).outputs.get(
        shipping.BUCKET
    )
    if bucket:
        deploy_contracts.forget(
            here.assets(bucket), chosen or [one.name for one in program.model.services]
        )
    output.echo(f"{output.counted(len(names + shared), 'stack')} removed.")
