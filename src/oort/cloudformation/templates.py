"""The templates of a platform: one for what all services share, one for each service, one for the bucket of the packages."""

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
from oort.rules.cloud.cloud_names import Place
from oort.rules.cloud.deployed import Outputs
from oort.rules.grants.roles import outgoing

PLATFORM = "platform"
ASSETS = "assets"


def platform_template(platform: PlatformModel, stage: Stage) -> Template:
    """The stack of what all services share: users, topics, the key. It is deployed before the services."""
    place = cloud_names.place(platform.name, stage.name)
    return _template(
        PLATFORM,
        place.stack,
        f"What all services of {platform.name} share, stage {stage.name}",
        _labelled(_platform(platform, place), place, stage, SHARED),
        outputs=(
            Output(Outputs.USER_POOL_ID, ref("UserPool"), ssm_parameters.USER_POOL_ID.description),
            Output(Outputs.CLIENT_ID, ref("Client"), ssm_parameters.CLIENT.description),
        ),
    )


def assets_template(platform: PlatformModel, stage: Stage) -> Template:
    """The stack of the bucket with the packages. It is made once, before everything else."""
    place = cloud_names.place(platform.name, stage.name)
    resources = (*assets.bucket(), ssm_parameters.told(ssm_parameters.ASSETS, ref("Assets"), place))
    output = Output(Outputs.BUCKET, ref("Assets"), ssm_parameters.ASSETS.description)
    description = f"Where the packages of {platform.name} lie, stage {stage.name}"
    labelled = _labelled(resources, place, stage, SHARED)
    return _template(ASSETS, place.assets_stack, description, labelled, outputs=(output,))


def service_template(
    service: ServiceModel, *, platform: PlatformModel, stage: Stage, code: Code
) -> Template:
    """The stack of one service. InvalidProgram if AWS has no form for something in it, LimitExceeded if it is too large."""
    checks.check_service(service)
    place = cloud_names.place(platform.name, stage.name)
    scope = Scope(service, platform, place, stage, code)
    return _template(
        service.name,
        place.service_stack(service.name),
        f"The service {service.name} of {platform.name}, stage {stage.name}",
        _labelled(_service(scope), place, stage, service.name),
        read=tuple(_read(scope)),
        outputs=(apis.url(scope),) if apis.routes(service) else (),
    )


def _platform(platform: PlatformModel, place: Place) -> Iterator[Resource]:
    yield from kms_keys.key(place)
    yield from events.events(platform, place)
    yield from user_pools.user_pool(platform, place)
    if any(isinstance(function.trigger, Http) for function in platform.functions):
        yield from gateway_logging.log_writer()
    yield ssm_parameters.told(ssm_parameters.KEY, attribute("Key", "Arn"), place)
    yield ssm_parameters.told(ssm_parameters.USER_POOL, attribute("UserPool", "Arn"), place)
    yield ssm_parameters.told(ssm_parameters.USER_POOL_ID, ref("UserPool"), place)
    yield ssm_parameters.told(ssm_parameters.CLIENT, ref("Client"), place)


def _service(scope: Scope) -> Iterator[Resource]:
    yield from (tables.table(table, scope.place) for table in scope.service.tables)
    yield from outbox.outbox(scope)
    yield from outbox.inbox(scope)
    yield from queues.queues(scope)
    yield from (secrets.secret(secret, scope.place) for secret in scope.service.of(SecretModel))
    yield from functions.functions(scope)
    yield from schedules.schedules(scope)
    yield from apis.api(scope)
    yield from alarms.alarms(scope)


def _read(scope: Scope) -> Iterator[Parameter]:
    """What the service reads of the platform; a parameter that nothing refers to would be a finding."""
    if scope.service.functions:
        yield ssm_parameters.read(ssm_parameters.ASSETS, scope.place)
    if any(grant.kind is Kind.EVENT for grant in outgoing(scope.service)):
        yield ssm_parameters.read(ssm_parameters.KEY, scope.place)
    if apis.needs_user_pool(scope.service):
        yield ssm_parameters.read(ssm_parameters.USER_POOL, scope.place)


def _labelled(
    resources: Iterable[Resource], place: Place, stage: Stage, service: str
) -> tuple[Resource, ...]:
    labels = tags(place, stage, service)
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
