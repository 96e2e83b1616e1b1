"""Stacks and what happens to them: what is asked for, what would change, what has happened, and how it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Condition(StrEnum):
    """How a stack stands, in the words that matter to a deployment."""

    ABSENT = "absent"
    GOOD = "good"  # created or updated
    MOVING = "moving"  # an operation is under way
    ROLLED_BACK = "rolled back"  # the last change failed and was taken back: what was there before is there again
    NEVER_CREATED = (
        "never created"  # its creation failed: it holds nothing, and can only be removed
    )
    STUCK = "stuck"  # the way back failed too, or the removal


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack as it stands. `status` is CloudFormation's own word, `reason` what it says of it."""

    name: str
    condition: Condition
    status: str = ""
    reason: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict[str, str])
    tags: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class StackRequest:
    """A stack as it shall be. `url` is where a template lies that is too large to be sent along."""

    name: str
    template: bytes
    tags: tuple[tuple[str, str], ...]
    url: str = ""


@dataclass(frozen=True, slots=True, order=True)
class StackChange:
    """One resource that a plan adds, changes or removes."""

    resource: str
    kind: str
    action: str  # Add, Modify, Remove, Import
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class StackPlan:
    """A change set that is ready: carrying it out makes these changes and no others. Without changes there is nothing to do."""

    stack: str
    id: str
    changes: tuple[StackChange, ...]


@dataclass(frozen=True, slots=True)
class StackEvent:
    """One thing that happened to a resource of a stack."""

    id: str
    stack: str
    resource: str
    kind: str
    status: str
    reason: str
    time: datetime

    @property
    def failed(self) -> bool:
        """Whether it is a failure of its own, not one that another caused."""
        return self.status.endswith("_FAILED") and "cancelled" not in self.reason.lower()
