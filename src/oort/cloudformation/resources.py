"""The parts of a template as data: resources, parameters and outputs, in the order of
the written template.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from oort.model.problems import Json

Document = Mapping[str, Json]


class RemovalPolicy(StrEnum):
    """DeletionPolicy and UpdateReplacePolicy of a resource."""

    DELETE = "Delete"
    RETAIN = "Retain"
    # Kept, unless the operation that created the resource is rolled back. A table that a failed
    # first deployment left behind would make the next deployment fail, for its name is taken.
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
    RETAIN_ONCE_USED = "RetainExceptOnCreate"


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource.

    `after` lists logical ids of resources that must exist before, without
    a reference to them.
    """

    id: str
    type: str
    properties: Document
    after: tuple[str, ...] = ()
    on_delete: RemovalPolicy = RemovalPolicy.DELETE
    on_replace: RemovalPolicy = RemovalPolicy.DELETE


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value of the platform that the stack reads from SSM at its deployment.

    `name` is the name of the SSM parameter.
    """

    id: str
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Output:
    """A value that the stack shows to people. No other stack imports the value."""

    id: str
    value: Json
    description: str


@dataclass(frozen=True, slots=True)
class Template:
    """The template of a stack. `name` is the name of its file, `stack` the name of the stack."""

    name: str
    stack: str
    description: str
    resources: tuple[Resource, ...]
    parameters: tuple[Parameter, ...] = ()
    outputs: tuple[Output, ...] = ()
