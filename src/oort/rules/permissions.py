"""The permissions for an operation, and the refusal of a function without them.

Both brokers use it.
"""

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
_EFFECTS = (ClaimEffect, FinishEffect, ReleaseEffect)
_WITH_MORE = (Commit, *_EFFECTS)  # they need more than a permission


def compiled(grants: Iterable[Grant]) -> frozenset[Permission]:
    """Return the grants as a set of permissions."""
    return frozenset(
        (grant.kind, grant.resource, action) for grant in grants for action in grant.actions
    )


def needs(operation: Operation) -> tuple[Permission, ...]:
    """Return the permissions for an operation: one for each write of a commit."""
    if isinstance(operation, Commit):
        return tuple((write.kind, write.resource, write.action) for write in operation.writes)
    return ((operation.kind, operation.resource, operation.action),)


def missing(permissions: frozenset[Permission], operation: Operation) -> Permission | None:
    """Return the first needed permission that the function lacks; None without a lack."""
    for need in needs(operation):
        if need not in permissions:
            return need
    return None


def astray(operation: Operation, messages: Collection[str]) -> str | None:
    """Return the message of an effect unless the invocation delivers it; None otherwise."""
    if isinstance(operation, _EFFECTS) and operation.lease.message not in messages:
        return operation.lease.message
    return None


def refusal(
    function: str,
    *,
    granted: frozenset[Permission],
    messages: Collection[str],
    operation: Operation,
) -> Refused | None:
    """Return the refusal of an operation that the function may not perform; None if allowed.

    `messages` are the ids of the messages that the invocation delivers.
    """
    if (  # almost every operation
        not isinstance(operation, _WITH_MORE)
        and (operation.kind, operation.resource, operation.action) in granted
    ):
        return None
    if (lacking := missing(granted, operation)) is not None:
        kind, resource, action = lacking
        return Refused(NotGranted.code, f"{function} may not {action} on the {kind} {resource}.")
    mark = operation.mark if isinstance(operation, Commit) else None
    # A mark for another function would keep that function from applying the message.
    if mark is not None and mark.function != function:
        return Refused(NotGranted.code, f"{function} may not mark a message for {mark.function}.")
    if (message := astray(operation, messages)) is not None:
        return Refused(NotGranted.code, f"{function} is not delivering the message {message}.")
    return None
