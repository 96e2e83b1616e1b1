"""`oort deploy`: deploy the platform, or some of its services, to AWS, and show the progress."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oort.cli.arguments import options
from oort.cli.deploy import deploy_warnings, progress
from oort.cli.groups import Command
from oort.cli.printing import output
from oort.cli.wiring import platforms

if TYPE_CHECKING:
    from oort.app.programs import Program
    from oort.cli.wiring.cloud import Cloud
    from oort.delivery.rollout import Outcome

_EPILOG = """\b
Examples:
  oort deploy -C apps/cometbid --stage prod
  oort deploy accounts -C apps/cometbid --stage prod --dry-run
"""


@click.command(cls=Command, epilog=_EPILOG, short_help="Deploy to AWS.")
@click.argument("services", nargs=-1, metavar="[SERVICE]...")
@click.option(
    "--target", type=click.Choice(["aws"]), default="aws", show_default=True, help="The target."
)
@click.option(
    "--stage",
    default="prod",
    metavar="STAGE",
    show_default=True,
    help="The stage, as oort.toml sets it.",
)
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@options.path_option
@options.json_option
def deploy(
    *,
    services: tuple[str, ...],
    target: str,  # noqa: ARG001  there is only one target
    stage: str,
    dry_run: bool,
    path: Path,
    as_json: bool,
) -> None:
    """Deploy the platform to AWS, to the account of your credentials and the region of the stage.

    The order is: the bucket for packages, the packages, the shared stack, the services. Each
    service has its own stack. With SERVICE, deploy only these services; the platform must be
    deployed already. CloudFormation changes each stack completely or not at all. AWS_ENDPOINT_URL
    selects a different endpoint, such as an emulator.

    Before the deployment, the contracts are compared with their lock files and with the stage.
    After the deployment, the deployed contracts are marked as published in the lock files: commit
    this change. For each table with a new upgrade, the command that upgrades its stored items is
    printed. The exit code is 1 if a stack failed or a contract would break.
    """
    project, program = platforms.load(path)
    chosen = platforms.known_services(program, services)
    deploy_warnings.show(program, chosen)
    from oort.cli.deploy import deploy_contracts
    from oort.cli.wiring import cloud  # here, since it takes what only a deployment needs
    from oort.delivery import shipping

    say = (lambda _: None) if as_json else output.echo
    contracts = deploy_contracts.check(project, program, stage=stage, chosen=chosen, say=say)
    shipment = cloud.shipment(project, program, settings := project.stage(stage), chosen)
    target_cloud = cloud.Cloud(settings)
    say(f"{project.name}, stage {stage}, account {target_cloud.account.id}, {settings.region}")
    tell, show = progress.teller(say), lambda plan: say(progress.plan(plan))
    rollout, store = target_cloud.rollout(event=tell, planned=show), target_cloud.assets
    if dry_run:
        outcomes = shipping.preview(shipment, rollout=rollout, store=store, before=contracts.hold)
    else:
        outcomes = shipping.ship(
            shipment,
            rollout=rollout,
            store=store,
            uploaded=lambda key: say(f"{'package':<28} {key}"),
            before=contracts.hold,
            after=contracts.keep,
        ).outcomes
        contracts.publish()
        contracts.hint()
        _follow_up(program, target_cloud, stage=stage, chosen=chosen, say=say)
    _print(outcomes, dry_run=dry_run, as_json=as_json)


def _follow_up(
    program: "Program",
    target_cloud: "Cloud",
    *,
    stage: str,
    chosen: list[str],
    say: Callable[[str], None],
) -> None:
    """Release the parked messages that can be read now, and name the secrets without a value."""
    from oort.cli.deploy import deploy_secrets
    from oort.runtime.parking import release

    parking = target_cloud.parking(program.model)
    for queue, count in release(program, parking, services=chosen).items():
        messages = output.counted(count, "parked message")
        say(f"{queue:<28} {messages} can be read now and will be delivered.")
    secrets = target_cloud.secrets(program.model)
    deploy_secrets.tell(program.model, secrets, stage, chosen, say=say)


def _print(outcomes: "tuple[Outcome, ...]", *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        output.json([_document(outcome) for outcome in outcomes])
        return
    for outcome in outcomes:
        for name, value in sorted(outcome.stack.outputs.items()):
            output.echo(f"{outcome.stack.name:<28} {name} = {value}")
    changed = sum(bool(outcome.plan and outcome.plan.changes) for outcome in outcomes)
    stacks = output.counted(len(outcomes), "stack")
    output.echo(f"{stacks}, {changed} {'would change' if dry_run else 'changed'}.")


def _document(outcome: "Outcome") -> dict[str, object]:
    changes = outcome.plan.changes if outcome.plan else ()
    return {
        "stack": outcome.stack.name,
        "status": outcome.stack.status,
        "outputs": dict(outcome.stack.outputs),
        "changes": [
            {
                "resource": change.resource,
                "kind": change.kind,
                "action": change.action,
                "replaced": change.replaced,
            }
            for change in changes
        ],
    }
