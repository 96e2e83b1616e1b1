"""Puts a deployment to AWS together for the commands: credentials, packages, templates and stacks. Names adapters, as `wiring` does."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from oort.app.loading import projects
from oort.app.loading.projects import Project
from oort.app.programs import Program
from oort.aws.clients import Clients
from oort.aws.deployment.accounts import Account, account
from oort.aws.deployment.assets import S3Assets
from oort.aws.deployment.stacks import CloudFormationStacks
from oort.aws.services.parking import Parking as SqsParking
from oort.cloudformation import rendering, templates
from oort.cloudformation.resources import Template
from oort.cloudformation.scope import Code
from oort.delivery import archives, binaries, wheels
from oort.delivery.packages import Packer, complete
from oort.delivery.rollout import Rollout
from oort.delivery.shipping import Archive, Shipment
from oort.delivery.wheels import Wheels
from oort.model.delivery.deployments import StackEvent, StackPlan, StackRequest
from oort.model.delivery.packages import Package
from oort.model.delivery.stages import Stage
from oort.model.errors import NotPackaged
from oort.model.platform import PlatformModel, ServiceModel
from oort.ports.assets import Assets
from oort.ports.parking import Parking
from oort.rules.cloud import cloud_names
from oort.rules.cloud.cloud_names import Place


class Cloud:
    """The account and region that a stage is in."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage.name
        self._clients = Clients(stage.region)
        self.account: Account = account(self._clients)

    def place(self, platform: PlatformModel) -> Place:
        """The names of the platform's resources in this stage and account."""
        named = cloud_names.place(platform.name, self._stage)
        return replace(
            named,
            partition=self.account.partition,
            region=self._clients.region,
            account=self.account.id,
        )

    def parking(self, platform: PlatformModel) -> Parking:
        """What is parked in the stage."""
        return SqsParking(self._clients, platform=platform, place=self.place(platform))

    def rollout(
        self,
        *,
        event: Callable[[StackEvent], None] = lambda _: None,
        planned: Callable[[StackPlan], None] = lambda _: None,
        pause: Callable[[timedelta], None] = lambda time_: time.sleep(time_.total_seconds()),
    ) -> Rollout:
        """What carries out changes of stacks."""
        stacks = CloudFormationStacks(self._clients)
        return Rollout(stacks=stacks, pause=pause, event=event, planned=planned)

    def assets(self, bucket: str) -> Assets:
        """The bucket of deployment packages."""
        return S3Assets(self._clients, bucket=bucket, account=self.account.id)


def shipment(project: Project, program: Program, stage: Stage, chosen: Sequence[str]) -> Shipment:
    """What a deployment of the chosen services, or of the whole platform, takes."""
    platform = program.model
    packer, homes = _packer(project, stage)
    services = [one for one in platform.services if not chosen or one.name in chosen]
    packages = {
        service.name: packer.package(service.name) for service in services if service.functions
    }
    codes = {one.name: code(one, packages.get(one.name), homes) for one in services}

    def request(template: Template, service: str = "") -> StackRequest:
        return _request(template, platform.name, stage, service)

    return Shipment(
        assets=request(templates.assets_template(platform, stage)),
        platform=None if chosen else request(templates.platform_template(platform, stage)),
        services=tuple(
            request(
                templates.service_template(
                    one, platform=platform, stage=stage, code=codes[one.name]
                ),
                one.name,
            )
            for one in services
        ),
        archives=tuple(
            Archive(
                codes[name].key(platform.name, name),
                lambda package=package: _archived(package),  # type: ignore[misc]
            )
            for name, package in packages.items()
        ),
    )


def code(service: ServiceModel, package: Package | None, homes: dict[str, tuple[str, ...]]) -> Code:
    """What the functions of a service are made of. One without functions has no package."""
    return Code(package.fingerprint if package else "", homes[service.name])


def stacks(program: Program, stage: Stage, chosen: Sequence[str]) -> Iterator[str]:
    """The stacks of the chosen services, or of all."""
    place = cloud_names.place(program.model.name, stage.name)
    return (
        place.service_stack(one.name)
        for one in program.model.services
        if not chosen or one.name in chosen
    )


def _packer(project: Project, stage: Stage) -> tuple[Packer, dict[str, tuple[str, ...]]]:
    homes = projects.homes(project)
    return Packer(project, stage=stage, homes=homes), homes


def _archived(package: Package) -> bytes:
    """The archive, with the wheels that had to be fetched for the target. NotPackaged if something is built for another."""
    whole = complete(package, source=Wheels(wheels.cache_folder(), wheels.pip))
    if strange := binaries.misfits(whole):
        what = f"The package of {package.service} holds what {package.architecture} cannot run: {', '.join(strange[:3])}."
        raise NotPackaged(
            what,
            "Install that dependency from a wheel, or choose another architecture for the stage.",
        )
    return archives.packed(whole)


def _request(template: Template, platform: str, stage: Stage, service: str) -> StackRequest:
    tags = (
        ("oort:platform", platform),
        ("oort:stage", stage.name),
        *((("oort:service", service),) if service else ()),
    )
    return StackRequest(
        template.stack, rendering.compact(rendering.document(template)), (*tags, *stage.tags)
    )
