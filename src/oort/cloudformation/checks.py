"""Checks of templates and services before anything is sent to AWS: programs that run on one machine
but cannot be deployed.
"""

import re
from collections import Counter
from collections.abc import Iterator

from oort.cloudformation import rendering
from oort.cloudformation.resources import Resource, Template
from oort.model import limits
from oort.model.errors import InvalidProgram, InvalidValue, LimitExceeded, Mistake
from oort.model.functions import Http, Timer
from oort.model.platform import ServiceModel
from oort.rules.cloud import cloud_names
from oort.rules.http import routing
from oort.rules.messaging import schedules

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
# and the answers of CreateResource.
_PART = re.compile(r"[A-Za-z0-9._:-]+|\{[A-Za-z0-9._-]+\}")


def check_service(service: ServiceModel) -> None:
    """Raise InvalidProgram with every part of the service that has no form on AWS."""
    mistakes = [*_paths(service), *_timers(service), *_indexes(service), *_names(service)]
    if mistakes:
        raise InvalidProgram(mistakes)


def check_template(template: Template) -> None:
    """Raise LimitExceeded if CloudFormation or IAM would refuse the template for its size."""
    count = len(template.resources)
    split = f"Split {template.name} into two services: each has a stack of its own."
    if count > limits.STACK_RESOURCES:
        what = f"The template of {template.name} has {count} resources"
        raise LimitExceeded(f"{what}; CloudFormation takes {limits.STACK_RESOURCES}.", split)
    size = len(rendering.rendered(template))
    if size > limits.TEMPLATE_BYTES:
        what = f"The template of {template.name} has {size:,} bytes"
        raise LimitExceeded(f"{what}; CloudFormation takes {limits.TEMPLATE_BYTES:,}.", split)
    ids = Counter(resource.id for resource in template.resources)
    repeated = [logical_id for logical_id, count in ids.items() if count > 1]
    assert not repeated, f"{template.name}: {repeated[0]} is there twice"
    for resource in template.resources:
        _check_names(template, resource)
        length = len(rendering.compact(resource.properties.get("Policies")))
        if resource.type == "AWS::IAM::Role" and length > limits.ROLE_POLICY_CHARACTERS:
            what = f"{template.name}: the policy of {resource.id} has {length:,} characters"
            raise LimitExceeded(
                f"{what}; IAM takes 10,240.",
                "Let the function ask for fewer handles, or make two functions of it.",
            )


def _check_names(template: Template, resource: Resource) -> None:
    """Raise LimitExceeded for a logical id or environment variables that are too long."""
    if len(resource.id) > limits.LOGICAL_ID_CHARACTERS:
        what = (
            f"{template.name}: the logical id {resource.id[:40]}… has {len(resource.id)} characters"
        )
        most = f"CloudFormation takes {limits.LOGICAL_ID_CHARACTERS}"
        raise LimitExceeded(f"{what}; {most}.", "Use a shorter path or name.")
    size = len(rendering.compact(resource.properties.get("Environment", {})))
    if resource.type == "AWS::Lambda::Function" and size > limits.ENVIRONMENT_BYTES:
        what = f"{template.name}: the environment variables of {resource.id} have {size:,} bytes"
        raise LimitExceeded(
            f"{what}; Lambda takes {limits.ENVIRONMENT_BYTES:,}.",
            "Set fewer or shorter variables for the stage in oort.toml.",
        )


def _paths(service: ServiceModel) -> Iterator[Mistake]:
    """Report segments that API Gateway refuses, and two names for the same path parameter.

    API Gateway knows a single parameter name at each position of a path.
    """
    parameters: dict[str, str] = {}
    for function in service.functions:
        if not isinstance(function.trigger, Http):
            continue
        parts = routing.segments(function.trigger.path)
        for depth, part in enumerate(parts):
            if not _PART.fullmatch(part):
                what = f"{function.name}: API Gateway does not take {part!r} in a path."
                yield Mistake(
                    function.source,
                    "aws.path",
                    what,
                    "Use letters, digits, dots, dashes and underscores.",
                )
            above = routing.shape("/".join(parts[:depth]))
            if routing.parameter(part) and parameters.setdefault(above, part) != part:
                what = (
                    f"{function.name}: {part} is {parameters[above]} in another route"
                    f" of {service.name}."
                )
                yield Mistake(
                    function.source,
                    "aws.path",
                    what,
                    "API Gateway takes one name in one location: use one.",
                )


def _timers(service: ServiceModel) -> Iterator[Mistake]:
    for function in service.functions:
        if isinstance(function.trigger, Timer):
            try:
                schedules.timer_expressions(function.trigger)
            except InvalidValue as error:
                yield Mistake(
                    function.source, "aws.schedule", f"{function.name}: {error.what}", error.instead
                )


def _indexes(service: ServiceModel) -> Iterator[Mistake]:
    for table in service.tables:
        for index in table.indexes:
            if not index.primary and len(index.name) < limits.INDEX_NAME_SHORTEST:
                what = f"{table.name}: {index.name!r} is too short for an index of DynamoDB."
                yield Mistake(table.source, "aws.index", what, "Use at least three characters.")


def _names(service: ServiceModel) -> Iterator[Mistake]:
    for function in service.functions:
        if function.name == f"{service.name}.{cloud_names.RELAY}":
            what = (
                f"{function.name} has the name of the function that moves the service's messages."
            )
            yield Mistake(function.source, "aws.name", what, "Rename it.")
