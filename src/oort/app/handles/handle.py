"""Handles: the objects through which a handler uses resources, events, calls and effects. This is the class of them all.

A handle sends operations over a `Link`. The runtime gives each environment one; the test kit gives fakes another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Protocol, TypeVar

from oort.model.errors import (
    ConditionFailed,
    EffectInProgress,
    InvalidCursor,
    InvalidUse,
    NoSuchItem,
    NotGranted,
    OortError,
    Refusal,
)
from oort.model.messages import Message, Older
from oort.model.operations import Lease, Mark, Operation, Refused, Result
from oort.model.problems import BadRequest, Conflict, NotFound
from oort.model.resources import Resource

H = TypeVar("H")


class Performs(Protocol):
    """The part of a link that every handle uses."""

    def perform(self, operation: Operation) -> Result:
        """Send the operation through the broker, and record its span."""
        ...


class Link(Performs, Protocol):
    """What a handle needs of the invocation it works for."""

    def message(
        self,
        *,
        name: str,
        body: bytes,
        key: str,
        version: int,
        oldest: int = 0,
        older: tuple[Older, ...] = (),
    ) -> Message:
        """A message with a new id, the time, and the trace of this invocation. See `Message` for the rest."""
        ...

    def mark(self) -> Mark | None:
        """The inbox mark of a delivery, until a block has committed with it; None afterwards and for requests."""
        ...

    def lease(self, name: str) -> Lease:
        """A claim of this delivery to its effect of that name, with a holder of its own. InvalidUse outside deliveries."""
        ...


def refusal(refused: Refused) -> Exception:
    """The exception a handler sees for a refused operation."""
    if refused.code == ConditionFailed.code:
        return Conflict(refused.detail)
    if refused.code == NoSuchItem.code:
        return NotFound(refused.detail)
    if refused.code == InvalidCursor.code:
        return BadRequest(refused.detail)
    if refused.code == EffectInProgress.code:
        return EffectInProgress(refused.detail, after=timedelta(seconds=refused.after))
    kinds: dict[str, type[OortError]] = {kind.code: kind for kind in Refusal.__subclasses__()}
    return kinds.get(refused.code, OortError)(refused.detail)


def ask(
    link: Performs, operation: Operation, *, otherwise: Sequence[Exception | None] = ()
) -> Result:
    """Perform the operation. A refusal is raised.

    Where a condition fails, the exception of that write in `otherwise` is raised, if there is one.
    """
    result = link.perform(operation)
    if not isinstance(result, Refused):
        return result
    error = refusal(result)
    chosen = otherwise[result.position] if otherwise and isinstance(error, Conflict) else None
    raise chosen or error


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a decorator records on a class, as `__oort__`: the model of the resource."""

    model: Resource


def declaration(kind: object) -> Declaration | None:
    """What a decorator recorded on the class; None if it is not declared."""
    recorded = getattr(kind, "__oort__", None)
    return recorded if isinstance(recorded, Declaration) else None


class Handle:
    """The base of all handles: it holds the link to the platform."""

    _link: Link


class ResourceHandle(Handle):
    """The base of handles that name their actions in brackets: `People[Get | Put]`.

    `_ACTIONS` are those that the kind of resource has; `_actions` those that this handle may take.
    """

    _ACTIONS: ClassVar[tuple[type, ...]] = ()
    _actions: frozenset[type]


class AskingHandle(ResourceHandle):
    """The base of handles that only ask: a fake of such a handle answers with the items that it is given."""

    @classmethod
    def _answer(cls, item: object) -> Result:
        """The result that stands for the item."""
        raise NotImplementedError


def make(kind: type[H], *, link: Performs, **state: object) -> H:
    """A handle of this class on the link. `state` are its further attributes; its `__init__` does not run."""
    handle = object.__new__(kind)
    handle.__dict__.update(state, _link=link)
    return handle


def check_action(handle: object, action: type) -> None:
    """Raise NotGranted unless the handle carries the action. The broker asks again."""
    actions: frozenset[type] | None = getattr(handle, "_actions", None)
    name = (handle if isinstance(handle, type) else type(handle)).__name__
    if actions is None:
        raise InvalidUse(
            f"{name} is a resource, not a handle.",
            f"Take it as a parameter: {name.lower()}: {name}[{action.__name__}].",
        )
    if action not in actions:
        raise NotGranted(
            f"The handler may not {action.__name__} on {name}.",
            f"Ask for it: {name}[… | {action.__name__}].",
        )
