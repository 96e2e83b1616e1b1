"""`oort deploy`: the platform, or some of its services, to AWS, with everything that happens shown as it happens."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from oort.cli.arguments import options
from oort.cli.deploy import progress
from oort.cli.groups import Command
from oort.cli.printing import output
from oort.cli.wiring import platforms

if TYPE_CHECKING:
    from oort.delivery.rollout import Outcome

_EPILOG = """\b
Examples:
  oort deploy -C apps/cometbid --stage prod
  oort deploy accounts -C apps/cometbid --stage prod --dry-run
"""


@click.command(cls=Command, epilog=_EPILOG, short_help="Deploy to AWS.")
@click.argument("services", nargs=-1, metavar="[SERVICE]...")
@click.option(
    "--target", type=click.Choice(["aws"]), default="aws", show_default=True, help="Where to."
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
    *, services: tuple[str, ...], target: str, stage: str, dry_run: bool, path: Path, as_json: bool
) -> None:  # noqa: ARG001  there is one target
    """Bring the platform to AWS, into the account of your credentials and the region of the stage: first the bucket of
    the deployment packages, then the packages, then what all services share, last the services, each a stack of its own.
    With SERVICE, only those services; the platform must be there then. Each stack changes by a change set, as a whole or
    not at all. AWS_ENDPOINT_URL names another endpoint, such as an emulator's. First the contracts are held against their
    lock files and against what the stage runs; after it, what was deployed is marked as published there: commit that. The
    exit code is 1 if a stack failed, or a contract would be broken.
    """
    project, program = platforms.load(path)
    chosen = [
        platforms.known(name, [one.name for one in program.model.services], what="service")
        for name in services
    ]
    from oort.cli.deploy import deploy_contracts
    from oort.cli.wiring import cloud  # here, since it takes what only a deployment needs
    from oort.delivery import shipping
    from oort.runtime import parking

    say = (lambda _: None) if as_json else output.echo
    agreement = deploy_contracts.check(project, program, stage=stage, chosen=chosen, say=say)
    settings = project.stage(stage)
    shipment = cloud.shipment(project, program, settings, chosen)
    place = cloud.Cloud(settings)
    say(f"{project.name}, stage {stage}, account {place.account.id}, {settings.region}")
    rollout = place.rollout(
        event=progress.teller(say),
        planned=lambda plan: say(progress.plan(plan)),
    )
    if dry_run:
        outcomes = shipping.preview(
            shipment, rollout=rollout, store=place.assets, before=agreement.hold
        )
    else:
        done = shipping.ship(
            shipment,
            rollout=rollout,
            store=place.assets,
            uploaded=lambda key: say(f"{'package':<28} {key}"),
            before=agreement.hold,
            after=agreement.keep,
        )
        outcomes = done.outcomes
        agreement.publish()
        for queue, count in parking.release(
            program, place.parking(program.model), services=chosen
        ).items():
            say(
                f"{queue:<28} {output.counted(count, 'parked message')} can be read now, and are handed over."
            )
    if as_json:
        output.json([_document(one) for one in outcomes])
        return
    _summary(outcomes, dry_run=dry_run)


def _summary(outcomes: "tuple[Outcome, ...]", *, dry_run: bool) -> None:
    for outcome in outcomes:
        for name, value in sorted(outcome.stack.outputs.items()):
            output.echo(f"{outcome.stack.name:<28} {name} = {value}")
    changed = sum(bool(one.plan and one.plan.changes) for one in outcomes)
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
                "resource": one.resource,
                "kind": one.kind,
                "action": one.action,
                "replaced": one.replaced,
            }
            for one in changes
        ],
    }
