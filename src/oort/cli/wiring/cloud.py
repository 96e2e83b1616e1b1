"""Compose a deployment to AWS: credentials, packages, templates and stacks."""

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
from oort.ports.secrets import KeptSecrets
from oort.ports.tables import Tables
from oort.rules.cloud import cloud_names
from oort.rules.cloud.cloud_names import Location
from oort.runtime.system import SystemClock


class Cloud:
    """The account and region of a stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage.name
        self._clients = Clients(stage.region)
        self.account: Account = account(self._clients)

    def location(self, platform: PlatformModel) -> Location:
        """Return the names of the platform's resources in this stage and account."""
        named = cloud_names.location(platform.name, self._stage)
        return replace(
            named,
            partition=self.account.partition,
            region=self._clients.region,
            account=self.account.id,
        )

    def parking(self, platform: PlatformModel) -> Parking:
        """Open the parked messages of the stage."""
        return SqsParking(self._clients, platform=platform, location=self.location(platform))

    def secrets(self, platform: PlatformModel) -> KeptSecrets:
        """Open the secrets of the stage."""
        from oort.aws.services.secrets import Secrets

        location = self.location(platform)
        return Secrets(self._clients, platform=platform, location=location, clock=SystemClock())

    def tables(self, platform: PlatformModel) -> Tables:
        """Open the tables of the stage."""
        from oort.aws.services.tables import Tables as DynamoDbTables

        location = self.location(platform)
        return DynamoDbTables(self._clients, platform=platform, location=location)

    def rollout(
        self,
        *,
        event: Callable[[StackEvent], None] = lambda _: None,
        planned: Callable[[StackPlan], None] = lambda _: None,
        pause: Callable[[timedelta], None] = lambda time_: time.sleep(time_.total_seconds()),
    ) -> Rollout:
        """Return the rollout of stacks."""
        stacks = CloudFormationStacks(self._clients)
        return Rollout(stacks=stacks, pause=pause, event=event, planned=planned)

    def assets(self, bucket: str) -> Assets:
        """Open the bucket of packages."""
        return S3Assets(self._clients, bucket=bucket, account=self.account.id)


def shipment(project: Project, program: Program, stage: Stage, chosen: Sequence[str]) -> Shipment:
    """Return the parts of a deployment of the chosen services, or of the whole platform."""
    platform = program.model
    packer, homes = _packer(project, stage)
    services = [service for service in platform.services if not chosen or service.name in chosen]
    packages = {
        service.name: packer.package(service.name) for service in services if service.functions
    }
    codes = {service.name: code(service, packages.get(service.name), homes) for service in services}

    def request(template: Template, service: str = "") -> StackRequest:
        return _request(template, platform.name, stage, service)

    return Shipment(
        assets=request(templates.assets_template(platform, stage)),
        platform=None if chosen else request(templates.platform_template(platform, stage)),
        services=tuple(
            request(
                templates.service_template(
                    service, platform=platform, stage=stage, code=codes[service.name]
                ),
                service.name,
            )
            for service in services
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
    """Return the code of a service. A service without functions has no package."""
    return Code(package.fingerprint if package else "", homes[service.name])


def stacks(program: Program, stage: Stage, chosen: Sequence[str]) -> Iterator[str]:
    """Return the names of the chosen services' stacks, or of all."""
    location = cloud_names.location(program.model.name, stage.name)
    return (
        location.service_stack(service.name)
        for service in program.model.services
        if not chosen or service.name in chosen
    )


def _packer(project: Project, stage: Stage) -> tuple[Packer, dict[str, tuple[str, ...]]]:
    homes = projects.homes(project)
    return Packer(project, stage=stage, homes=homes), homes


def _archived(package: Package) -> bytes:
    """Return the archive with fetched wheels. NotPackaged if a library is built for another
    machine."""
    completed = complete(package, source=Wheels(wheels.cache_folder(), wheels.pip))
    if misfits := binaries.misfits(completed):
        message = f"The package of {package.service} holds libraries that {package.architecture} cannot run: {', '.join(misfits[:3])}."
        raise NotPackaged(
            message,
            "Install that dependency from a wheel, or choose another architecture for the stage.",
        )
    return archives.packed(completed)


def _request(template: Template, platform: str, stage: Stage, service: str) -> StackRequest:
    tags = (
        ("oort:platform", platform),
        ("oort:stage", stage.name),
        *((("oort:service", service),) if service else ()),
    )
    return StackRequest(
        template.stack, rendering.compact(rendering.document(template)), (*tags, *stage.tags)
    )
