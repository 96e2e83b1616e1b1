"""Functions of Lambda: each with a role, a log group, a published version, the alias `live`, and what triggers it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from oort.cloudformation.constructs import ssm_parameters
from oort.cloudformation.constructs.log_groups import log_group
from oort.cloudformation.constructs.roles import role
from oort.cloudformation.intrinsics import attribute, ref
from oort.cloudformation.logical import digest, identity, short
from oort.cloudformation.resources import Document, Fate, Resource
from oort.cloudformation.scope import Scope, whole_seconds
from oort.model.functions import Consumed, FunctionModel
from oort.model.problems import Json
from oort.model.resources import Kind
from oort.rules.cloud.cloud_names import ALIAS
from oort.rules.cloud.deployed import HANDLER, FunctionEnvironment
from oort.rules.grants import calls, roles
from oort.rules.grants.statement import Statement

_DESCRIPTION = 256  # https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html


@dataclass(frozen=True, slots=True)
class Runnable:
    """What becomes a function of Lambda. `called` gives the logical id of each kind of resource."""

    name: str
    description: str
    timeout: timedelta
    statements: tuple[Statement, ...]
    called: Callable[[str], str]
    calls: Mapping[str, str] = field(default_factory=dict[str, str])


def functions(scope: Scope) -> Iterator[Resource]:
    """Every function of the service, and the mappings of those that consume a queue."""
    for function in scope.service.functions:
        yield from runnable(_runnable(function, scope), scope)
        if isinstance(function.trigger, Consumed):
            yield _mapping(
                short(function.name), short(function.trigger.queue), function.trigger.batch
            )


def runnable(one: Runnable, scope: Scope) -> Iterator[Resource]:
    """The resources of one function."""
    called, location = one.called, scope.location
    yield role(
        called("Role"),
        service="lambda",
        statements=one.statements,
        description=f"Of the function {one.name} alone.",
    )
    yield log_group(called("Log"), name=location.log_group(one.name), stage=scope.stage)
    properties = _properties(one, scope)
    yield Resource(called("Function"), "AWS::Lambda::Function", properties)
    # A version is never changed: other code or settings are another resource, and the old one stays to go back to.
    # Tags are added later and are not part of it: a version for the same settings would be refused as a repeat.
    version = f"{called('Version')}{digest(properties)}"
    yield Resource(
        version,
        "AWS::Lambda::Version",
        {"FunctionName": ref(called("Function"))},
        (),
        Fate.RETAIN,
        Fate.RETAIN,
    )
    yield Resource(
        called("Live"),
        "AWS::Lambda::Alias",
        {
            "Name": ALIAS,
            "FunctionName": ref(called("Function")),
            "FunctionVersion": attribute(version, "Version"),
        },
    )


def alias(function: str) -> str:
    """The logical id of the alias of a function; a reference to it is its ARN."""
    return identity("Live", short(function))


def _runnable(function: FunctionModel, scope: Scope) -> Runnable:
    allowed = roles.granted(
        function, platform=scope.platform, location=scope.location, key=ssm_parameters.KEY.value
    )
    name = short(function.name)
    return Runnable(
        function.name,
        function.description or function.name,
        function.timeout,
        allowed,
        lambda kind: identity(kind, name),
        _calls(function, scope),
    )


def _calls(function: FunctionModel, scope: Scope) -> dict[str, str]:
    answers = calls.answering(scope.platform)
    return {
        grant.resource: answers[grant.resource]
        for grant in function.grants
        if grant.kind is Kind.CALL
    }


def _properties(one: Runnable, scope: Scope) -> Document:
    stage, service = scope.stage, scope.service.name
    # The fingerprint shows which code runs, and makes the settings differ whenever the version's id does: Lambda publishes
    # no second version of the same, and CloudFormation takes that for a failure.
    running = f" [{scope.code.fingerprint[:12]}]"
    return {
        "FunctionName": scope.location.function(one.name),
        "Description": one.description[: _DESCRIPTION - len(running)] + running,
        "Runtime": stage.runtime,
        "Architectures": [stage.architecture.value],
        "Handler": HANDLER,
        "Code": {
            "S3Bucket": ref(ssm_parameters.ASSETS.id),
            "S3Key": scope.code.key(scope.location.platform, service),
        },
        "Role": attribute(one.called("Role"), "Arn"),
        "MemorySize": stage.memory,
        "Timeout": whole_seconds(one.timeout),
        "TracingConfig": {"Mode": "Active"},
        # Text: our lines are JSON already, and Lambda's JSON format would wrap each in another object.
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": ref(one.called("Log"))},
        "Environment": {"Variables": _variables(one, scope)},
    }


def _variables(one: Runnable, scope: Scope) -> Document:
    environment: FunctionEnvironment[Json] = FunctionEnvironment(
        platform=scope.location.platform,
        stage=scope.location.stage,
        function=one.name,
        packages=scope.code.packages,
        partition=ref("AWS::Partition"),
        account=ref("AWS::AccountId"),
        calls=one.calls,
    )
    return {**environment.variables(), **dict(scope.stage.environment)}


def _mapping(function: str, queue: str, batch: int) -> Resource:
    """The messages of a queue, to the version that is live. Without a ScalingConfig, idle pollers shrink from 5 to 2.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
    """
    return Resource(
        identity("Mapping", function),
        "AWS::Lambda::EventSourceMapping",
        {
            "FunctionName": ref(identity("Live", function)),
            "EventSourceArn": attribute(identity("Queue", queue), "Arn"),
            "BatchSize": batch,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        },
    )
