"""Stacks: groups of resources that are created, changed and removed together, or not at all."""

from collections.abc import Sequence
from typing import Protocol

from oort.model.delivery.deployments import Stack, StackEvent, StackPlan, StackRequest


class Stacks(Protocol):
    """The stacks of CloudFormation.

    Operations begin and return; `get` and `events` report their progress.

    NoCredentials, CloudRefused and Unavailable as everywhere. A request describes the complete
    stack: resources that its template does not contain are removed. An operation on a stack that is
    MOVING is CloudRefused.
    """

    def get(self, name: str) -> Stack:
        """Return the stack; a missing stack is ABSENT."""

    def template(self, name: str) -> bytes:
        """Return the template that the stack runs, as JSON; empty for a missing stack."""

    def plan(self, request: StackRequest) -> StackPlan | None:
        """Begin a plan at the first call, and return None until the plan is ready.

        DeploymentFailed if the template cannot be planned.
        """

    def execute(self, plan: StackPlan) -> None:
        """Begin to execute the plan."""

    def discard(self, plan: StackPlan) -> None:
        """Delete the plan. A stack that was planned and never created is deleted with its plan."""

    def delete(self, name: str) -> None:
        """Begin to delete the stack; no effect if there is none."""

    def events(self, name: str) -> Sequence[StackEvent]:
        """Return the latest events, oldest first; at most the last hundred or so."""
