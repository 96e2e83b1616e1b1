"""The mistakes that synthesis finds in a program. `oort check` reports them without a package."""

from collections.abc import Iterable, Iterator, Mapping

from oort.cloudformation import templates
from oort.cloudformation.scope import Code
from oort.model.delivery.stages import Stage
from oort.model.errors import InvalidProgram, LimitExceeded, Mistake, Source
from oort.model.platform import PlatformModel, ServiceModel

_FINGERPRINT = "0" * 64  # as long as that of a package


def mistakes(
    platform: PlatformModel,
    stages: Iterable[Stage],
    *,
    project: Source,
    services: Mapping[str, Source],
    homes: Mapping[str, tuple[str, ...]],
) -> list[Mistake]:
    """Return what cannot be deployed to the stages: parts without a form on AWS, and exceeded quotas.

    `services` are the places of the services, and `homes` the packages that their functions import.
    `project` is the place of what all services share.
    """
    refused = [*_names(platform, services)]
    for stage in stages:
        try:
            templates.platform_template(platform, stage)
        except LimitExceeded as error:
            refused.append(Mistake(project, "aws.limit", error.what, error.instead))
        for service in platform.services:
            code = Code(_FINGERPRINT, homes[service.name])
            try:
                templates.service_template(service, platform=platform, stage=stage, code=code)
            except InvalidProgram as error:
                refused += error.mistakes
            except LimitExceeded as error:
                place = services[service.name]
                refused.append(Mistake(place, "aws.limit", error.what, error.instead))
    return refused


def warnings(services: Iterable[ServiceModel]) -> Iterator[str]:
    """Yield what a deployment leaves out."""
    for service in services:
        for function in service.functions:
            if function.latency_sensitive:
                yield (
                    f"{function.name}: latency_sensitive= has no effect on AWS in this release:"
                    " the function has cold starts."
                )


def _names(platform: PlatformModel, services: Mapping[str, Source]) -> Iterator[Mistake]:
    for service in platform.services:
        if service.name in (templates.PLATFORM, templates.ASSETS):
            what = f"The service {service.name} has the name of another template."
            yield Mistake(services[service.name], "aws.name", what, "Rename the service.")
