"""Stacks of CloudFormation: their states, requests, plans and events."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class StackState(StrEnum):
    """The state of a stack, as far as a deployment distinguishes states."""

    ABSENT = "absent"
    GOOD = "good"  # created or updated
    MOVING = "moving"  # an operation is under way
    ROLLED_BACK = "rolled back"  # the last change failed and was undone; the earlier stack runs
    NEVER_CREATED = "never created"  # the creation failed; the empty stack can only be removed
    STUCK = "stuck"  # the rollback or the removal failed


@dataclass(frozen=True, slots=True)
class Stack:
    """A deployed stack. `status` is CloudFormation's own status, `reason` its explanation."""

    name: str
    state: StackState
    status: str = ""
    reason: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict[str, str])
    tags: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class StackRequest:
    """The desired form of a stack.

    `url` is the address of a template that is too large to be sent inline.
    """

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
    """A change set that is ready to be executed: these changes and no others.

    Without changes there is no work.
    """

    stack: str
    id: str
    changes: tuple[StackChange, ...]


@dataclass(frozen=True, slots=True)
class StackEvent:
    """A change in the status of one resource of a stack."""

    id: str
    stack: str
    resource: str
    kind: str
    status: str
    reason: str
    time: datetime

    @property
    def failed(self) -> bool:
        """True for a failure with its own cause, false for a cancellation after another failure."""
        return self.status.endswith("_FAILED") and "cancelled" not in self.reason.lower()
