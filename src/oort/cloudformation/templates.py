"""The templates of a platform: its shared resources, each service, and the bucket of the
packages.
"""

from collections.abc import Iterable, Iterator

from oort.cloudformation import checks
from oort.cloudformation.constructs import (
    alarms,
    apis,
    assets,
    events,
    functions,
    kms_keys,
    outbox,
    queues,
    schedules,
    secrets,
    ssm_parameters,
    tables,
    user_pools,
)
from oort.cloudformation.constructs.gateway import gateway_logging
from oort.cloudformation.intrinsics import attribute, ref
from oort.cloudformation.resources import Output, Parameter, Resource, Template
from oort.cloudformation.scope import Code, Scope
from oort.cloudformation.tags import SHARED, tagged, tags
from oort.model.delivery.stages import Stage
from oort.model.functions import Http
from oort.model.platform import PlatformModel, ServiceModel
from oort.model.resources import Kind, SecretModel
from oort.rules.cloud import cloud_names
from oort.rules.cloud.cloud_names import Location
from oort.rules.cloud.deployed import Outputs
from oort.rules.grants.roles import outgoing

PLATFORM = "platform"
ASSETS = "assets"


def platform_template(platform: PlatformModel, stage: Stage) -> Template:
    """Return the template of the resources that all services share: users, topics, the key.

    The platform's stack is deployed before the services.
    """
    location = cloud_names.location(platform.name, stage.name)
    return _template(
        PLATFORM,
        location.stack,
        f"What all services of {platform.name} share, stage {stage.name}",
        _labelled(_platform(platform, location), location, stage, SHARED),
        outputs=(
            Output(Outputs.USER_POOL_ID, ref("UserPool"), ssm_parameters.USER_POOL_ID.description),
            Output(Outputs.CLIENT_ID, ref("Client"), ssm_parameters.CLIENT.description),
        ),
    )


def assets_template(platform: PlatformModel, stage: Stage) -> Template:
    """Return the template of the bucket with the packages. Its stack is deployed first, once."""
    location = cloud_names.location(platform.name, stage.name)
    resources = (
        *assets.bucket(),
        ssm_parameters.parameter(ssm_parameters.ASSETS, ref("Assets"), location),
    )
    output = Output(Outputs.BUCKET, ref("Assets"), ssm_parameters.ASSETS.description)
    description = f"Where the packages of {platform.name} lie, stage {stage.name}"
    labelled = _labelled(resources, location, stage, SHARED)
    return _template(ASSETS, location.assets_stack, description, labelled, outputs=(output,))


def service_template(
    service: ServiceModel, *, platform: PlatformModel, stage: Stage, code: Code
) -> Template:
    """Return the template of a service.

    InvalidProgram if a part of the service has no form on AWS, LimitExceeded if the
    template is too large.
    """
    checks.check_service(service)
    location = cloud_names.location(platform.name, stage.name)
    scope = Scope(service, platform, location, stage, code)
    return _template(
        service.name,
        location.service_stack(service.name),
        f"The service {service.name} of {platform.name}, stage {stage.name}",
        _labelled(_service(scope), location, stage, service.name),
        read=tuple(_read(scope)),
        outputs=(apis.url(scope),) if apis.routes(service) else (),
    )


def _platform(platform: PlatformModel, location: Location) -> Iterator[Resource]:
    yield from kms_keys.key(location)
    yield from events.events(platform, location)
    yield from user_pools.user_pool(platform, location)
    if any(isinstance(function.trigger, Http) for function in platform.functions):
        yield from gateway_logging.log_writer()
    yield ssm_parameters.parameter(ssm_parameters.KEY, attribute("Key", "Arn"), location)
    yield ssm_parameters.parameter(ssm_parameters.USER_POOL, attribute("UserPool", "Arn"), location)
    yield ssm_parameters.parameter(ssm_parameters.USER_POOL_ID, ref("UserPool"), location)
    yield ssm_parameters.parameter(ssm_parameters.CLIENT, ref("Client"), location)


def _service(scope: Scope) -> Iterator[Resource]:
    yield from (tables.table(table, scope.location) for table in scope.service.tables)
    yield from outbox.outbox(scope)
    yield from outbox.inbox(scope)
    yield from queues.queues(scope)
    yield from (secrets.secret(secret, scope.location) for secret in scope.service.of(SecretModel))
    yield from functions.functions(scope)
    yield from schedules.schedules(scope)
    yield from apis.api(scope)
    yield from alarms.alarms(scope)


def _read(scope: Scope) -> Iterator[Parameter]:
    """Parameters that the service reads from the platform. cfn-lint objects to an unused
    parameter.
    """
    if scope.service.functions:
        yield ssm_parameters.read(ssm_parameters.ASSETS, scope.location)
    if any(grant.kind is Kind.EVENT for grant in outgoing(scope.service)):
        yield ssm_parameters.read(ssm_parameters.KEY, scope.location)
    if apis.needs_user_pool(scope.service):
        yield ssm_parameters.read(ssm_parameters.USER_POOL, scope.location)


def _labelled(
    resources: Iterable[Resource], location: Location, stage: Stage, service: str
) -> tuple[Resource, ...]:
    labels = tags(location, stage, service)
    return tuple(tagged(resource, labels) for resource in resources)


def _template(
    name: str,
    stack: str,
    description: str,
    resources: tuple[Resource, ...],
    *,
    read: tuple[Parameter, ...] = (),
    outputs: tuple[Output, ...] = (),
) -> Template:
    template = Template(name, stack, description, resources, read, outputs)
    checks.check_template(template)
    return template
