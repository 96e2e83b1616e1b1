"""What a template consists of: resources, parameters and outputs as data, in the order in which they are written."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from oort.model.problems import Json

Document = Mapping[str, Json]


class Fate(StrEnum):
    """What becomes of a resource that leaves its stack, or that a replacement takes the place of."""

    DELETE = "Delete"
    RETAIN = "Retain"
    # Kept, unless the very operation that made it is rolled back. A table that a failed first deployment left behind would
    # make the next one fail, for the name is taken.
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
    RETAIN_ONCE_USED = "RetainExceptOnCreate"


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource. `after` lists those that must be there first without being referred to."""

    id: str
    type: str
    properties: Document
    after: tuple[str, ...] = ()
    on_delete: Fate = Fate.DELETE
    on_replace: Fate = Fate.DELETE


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value of the platform that the stack reads from SSM when it is deployed; `name` is the SSM parameter's."""

    id: str
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Output:
    """A value that the stack shows to people. No other stack imports it."""

    id: str
    value: Json
    description: str


@dataclass(frozen=True, slots=True)
class Template:
    """One stack. `name` is what its file is called, `stack` what the stack is."""

    name: str
    stack: str
    description: str
    resources: tuple[Resource, ...]
    parameters: tuple[Parameter, ...] = ()
    outputs: tuple[Output, ...] = ()
