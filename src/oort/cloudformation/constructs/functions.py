"""Functions of Lambda: each with a role, a log group, a published version, the alias `live`, and
its event source mapping.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from oort.cloudformation.constructs import ssm_parameters
from oort.cloudformation.constructs.roles import role
from oort.cloudformation.intrinsics import attribute, ref
from oort.cloudformation.logical import digest, identity, short
from oort.cloudformation.resources import Document, RemovalPolicy, Resource
from oort.cloudformation.scope import Scope, whole_seconds
from oort.model.delivery.stages import Stage
from oort.model.functions import Consumed, FunctionModel
from oort.model.problems import Json
from oort.model.resources import Kind
from oort.rules import triggers
from oort.rules.cloud.cloud_names import ALIAS
from oort.rules.cloud.deployed import HANDLER, FunctionEnvironment
from oort.rules.grants import calls, roles
from oort.rules.grants.statement import Statement

_DESCRIPTION = 256  # https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html


@dataclass(frozen=True, slots=True)
class LambdaFunction:
    """The definition of a Lambda function.

    `logical_id` gives the logical id for a kind of resource.
    """

    name: str
    description: str
    timeout: timedelta
    statements: tuple[Statement, ...]
    logical_id: Callable[[str], str]
    calls: Mapping[str, str] = field(default_factory=dict[str, str])


def functions(scope: Scope) -> Iterator[Resource]:
    """Yield every function of the service, and the event source mappings of its consumers."""
    for function in scope.service.functions:
        yield from lambda_function(_definition(function, scope), scope)
        if isinstance(function.trigger, Consumed):
            yield _mapping(
                short(function.name), short(function.trigger.queue), function.trigger.batch
            )


def lambda_function(definition: LambdaFunction, scope: Scope) -> Iterator[Resource]:
    """Yield the resources of a function."""
    logical_id, location = definition.logical_id, scope.location
    yield role(
        logical_id("Role"),
        service="lambda",
        statements=definition.statements,
        description=f"Of the function {definition.name} alone.",
    )
    yield log_group(logical_id("Log"), name=location.log_group(definition.name), stage=scope.stage)
    properties = _properties(definition, scope)
    yield Resource(logical_id("Function"), "AWS::Lambda::Function", properties)
    # A version never changes: other code or settings make another resource, and the old version
    # stays for a rollback. Tags are added later and are not part of the digest: Lambda would refuse
    # a second version of the same settings.
    version = f"{logical_id('Version')}{digest(properties)}"
    yield Resource(
        version,
        "AWS::Lambda::Version",
        {"FunctionName": ref(logical_id("Function"))},
        (),
        RemovalPolicy.RETAIN,
        RemovalPolicy.RETAIN,
    )
    yield Resource(
        logical_id("Live"),
        "AWS::Lambda::Alias",
        {
            "Name": ALIAS,
            "FunctionName": ref(logical_id("Function")),
            "FunctionVersion": attribute(version, "Version"),
        },
    )


def log_group(logical_id: str, *, name: str, stage: Stage) -> Resource:
    """Return a log group, created before its writer, so that the stage decides its retention.

    The log group is deleted with its stack. CloudWatch encrypts it with its own keys: logs contain
    no data that would justify the price of a KMS key.
    """
    return Resource(
        logical_id, "AWS::Logs::LogGroup", {"LogGroupName": name, "RetentionInDays": stage.log_days}
    )


def alias(function: str) -> str:
    """Return the logical id of a function's alias. A reference to the alias is its ARN."""
    return identity("Live", short(function))


def _definition(function: FunctionModel, scope: Scope) -> LambdaFunction:
    allowed = roles.granted(
        function, platform=scope.platform, location=scope.location, key=ssm_parameters.KEY.value
    )
    name = short(function.name)
    return LambdaFunction(
        function.name,
        function.description or function.name,
        triggers.lasts(function),
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


def _properties(definition: LambdaFunction, scope: Scope) -> Document:
    stage, service = scope.stage, scope.service.name
    # The fingerprint shows which code runs, and makes the settings differ whenever the
    # version's id does: Lambda publishes no second version of equal settings, and
    # CloudFormation takes that for a failure.
    running = f" [{scope.code.fingerprint[:12]}]"
    return {
        "FunctionName": scope.location.function(definition.name),
        "Description": definition.description[: _DESCRIPTION - len(running)] + running,
        "Runtime": stage.runtime,
        "Architectures": [stage.architecture.value],
        "Handler": HANDLER,
        "Code": {
            "S3Bucket": ref(ssm_parameters.ASSETS.id),
            "S3Key": scope.code.key(scope.location.platform, service),
        },
        "Role": attribute(definition.logical_id("Role"), "Arn"),
        "MemorySize": stage.memory,
        "Timeout": whole_seconds(definition.timeout),
        "TracingConfig": {"Mode": "Active"},
        # Text: Oort's lines are JSON already. Lambda's JSON format would wrap
        # each in another object.
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": ref(definition.logical_id("Log"))},
        "Environment": {"Variables": _variables(definition, scope)},
    }


def _variables(definition: LambdaFunction, scope: Scope) -> Document:
    environment: FunctionEnvironment[Json] = FunctionEnvironment(
        platform=scope.location.platform,
        stage=scope.location.stage,
        function=definition.name,
        packages=scope.code.packages,
        partition=ref("AWS::Partition"),
        account=ref("AWS::AccountId"),
        calls=definition.calls,
    )
    return {**environment.variables(), **dict(scope.stage.environment)}


def _mapping(function: str, queue: str, batch: int) -> Resource:
    """Event source mapping from a queue to the live version.

    Without a ScalingConfig, idle pollers shrink from 5 to 2.
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
