"""Stacks: groups of resources that are created, changed and removed together, or not at all."""

from collections.abc import Sequence
from typing import Protocol

from oort.model.delivery.deployments import Stack, StackEvent, StackPlan, StackRequest


class Stacks(Protocol):
    """CloudFormation's stacks. Operations begin and return; `get` and `events` tell how they go.

    NoCredentials, CloudRefused and Unavailable as everywhere. What is asked for is the whole stack: what the template does
    not hold is removed. An operation on a stack that is MOVING is CloudRefused.
    """

    def get(self, name: str) -> Stack:
        """The stack; one that does not exist is ABSENT."""

    def plan(self, request: StackRequest) -> StackPlan | None:
        """Begin to plan at the first call; None while that goes on. DeploymentFailed if the template cannot be planned."""

    def execute(self, plan: StackPlan) -> None:
        """Begin to carry out the plan."""

    def discard(self, plan: StackPlan) -> None:
        """Forget the plan. A stack that was planned and never made is removed with it."""

    def delete(self, name: str) -> None:
        """Begin to remove the stack; nothing happens if there is none."""

    def events(self, name: str) -> Sequence[StackEvent]:
        """The latest things that happened, oldest first; at most the last hundred or so."""
