"""The permissions that an operation takes, and the refusal of those that a function lacks. Both brokers ask it."""

from collections.abc import Collection, Iterable

from oort.model.errors import NotGranted
from oort.model.functions import Grant
from oort.model.operations import (
    ClaimEffect,
    Commit,
    FinishEffect,
    Operation,
    Refused,
    ReleaseEffect,
)
from oort.model.resources import Kind

Permission = tuple[Kind, str, str]


def compiled(grants: Iterable[Grant]) -> frozenset[Permission]:
    """The grants as a set that answers in one look-up."""
    return frozenset(
        (grant.kind, grant.resource, action) for grant in grants for action in grant.actions
    )


def needs(operation: Operation) -> tuple[Permission, ...]:
    """The permissions that an operation takes: one for each write of a commit."""
    parts = operation.writes if isinstance(operation, Commit) else (operation,)
    return tuple((part.kind, part.resource, part.action) for part in parts)


def missing(permissions: frozenset[Permission], operation: Operation) -> Permission | None:
    """The first permission that the operation needs and the function lacks; None if it may go ahead."""
    return next((need for need in needs(operation) if need not in permissions), None)


def astray(operation: Operation, messages: Collection[str]) -> str | None:
    """The message for which an effect is noted, if it is none of those that the invocation delivers."""
    if (
        isinstance(operation, ClaimEffect | FinishEffect | ReleaseEffect)
        and operation.lease.message not in messages
    ):
        return operation.lease.message
    return None


def refusal(
    function: str,
    *,
    granted: frozenset[Permission],
    messages: Collection[str],
    operation: Operation,
) -> Refused | None:
    """The refusal of an operation that the function may not perform; None if it may go ahead.

    `messages` are the ids of those that its invocation delivers.
    """
    if (lacking := missing(granted, operation)) is not None:
        kind, resource, action = lacking
        return Refused(NotGranted.code, f"{function} may not {action} on the {kind} {resource}.")
    mark = operation.mark if isinstance(operation, Commit) else None
    if (
        mark is not None and mark.function != function
    ):  # it would keep that function from applying the message
        return Refused(NotGranted.code, f"{function} may not mark a message for {mark.function}.")
    if (message := astray(operation, messages)) is not None:
        return Refused(NotGranted.code, f"{function} is not delivering the message {message}.")
    return None
