"""What an operation needs and whether a function's grants cover it. The broker asks before every operation."""

from collections.abc import Collection, Iterable

from oort.model.functions import Grant
from oort.model.operations import (
    CallFunction,
    ClaimEffect,
    Commit,
    FinishEffect,
    GetItems,
    Operation,
    PublishEvent,
    ReleaseEffect,
    SendMessage,
)
from oort.model.resources import Kind

Permission = tuple[Kind, str, str]


def compiled(grants: Iterable[Grant]) -> frozenset[Permission]:
    """The grants as a set that answers in one look-up."""
    return frozenset(
        (grant.kind, grant.resource, action) for grant in grants for action in grant.actions
    )


def needs(operation: Operation) -> tuple[Permission, ...]:
    """What an operation takes: (kind, resource, action), one for each write of a commit."""
    if isinstance(operation, Commit):
        return tuple(need for write in operation.writes for need in needs(write))
    if isinstance(operation, SendMessage):
        return ((Kind.QUEUE, operation.queue, "send"),)
    if isinstance(operation, PublishEvent):
        return ((Kind.EVENT, operation.event, "publish"),)
    if isinstance(operation, CallFunction):
        return ((Kind.CALL, operation.call, "call"),)
    if isinstance(operation, ClaimEffect | FinishEffect | ReleaseEffect):
        return ((Kind.EFFECT, operation.lease.function, "once"),)
    action = "get" if isinstance(operation, GetItems) else str(operation.__struct_config__.tag)
    return ((Kind.TABLE, operation.table, action),)


def missing(permissions: frozenset[Permission], operation: Operation) -> Permission | None:
    """The first thing that the operation needs and the permissions lack; None if it may go ahead."""
    for need in needs(operation):
        if need not in permissions:
            return need
    return None


def astray(operation: Operation, messages: Collection[str]) -> str | None:
    """The message for which an effect is noted, if it is none of those that the invocation delivers."""
    if (
        isinstance(operation, ClaimEffect | FinishEffect | ReleaseEffect)
        and operation.lease.message not in messages
    ):
        return operation.lease.message
    return None
