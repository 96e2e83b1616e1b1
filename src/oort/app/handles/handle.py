"""Handles: the objects by which a handler uses resources, events, calls and effects.

A handle sends operations over a `Link`. The runtime gives each environment a link; the test kit
gives fakes their own links.
"""

import os
import sys
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from types import FrameType
from typing import ClassVar, Protocol, TypeAlias, TypeVar

from oort.model.errors import (
    ConditionFailed,
    EffectInProgress,
    InvalidCursor,
    InvalidUse,
    NoSuchItem,
    NotGranted,
    OortError,
    Refusal,
    Source,
)
from oort.model.messages import Message, Older
from oort.model.operations import WRITES, Lease, Mark, Operation, Refused, Result
from oort.model.problems import BadRequest, Conflict, NotFound
from oort.model.resources import Resource

H = TypeVar("H")

Upgrade: TypeAlias = Callable[..., object]  # of old data to the next type

# The transaction of the `atomic()` block around the running code; `transactions` sets it.
open_block: ContextVar[object | None] = ContextVar("oort-transaction", default=None)

_OORT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))) + os.sep


class Performs(Protocol):
    """The part of a link that every handle uses."""

    def perform(self, operation: Operation) -> Result:
        """Send the operation to the broker and record its span."""
        ...


class Link(Performs, Protocol):
    """The connection between a handle and the invocation."""

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
        """Return a message with a new id, the time and the trace of this invocation.

        See `Message` for the arguments.
        """
        ...

    def mark(self) -> Mark | None:
        """Return the inbox mark of a delivery until a transaction has committed with it.

        None afterwards and for requests.
        """
        ...

    def lease(self, name: str) -> Lease:
        """Return a new claim of this delivery to the effect of that name.

        Raises InvalidUse outside deliveries.
        """
        ...


def refusal(refused: Refused) -> Exception:
    """Return the exception that a handler gets for a refused operation."""
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
    """Perform the operation and return its result. Raise the exception of a refusal.

    If a condition failed, raise the exception at the write's position in `otherwise`, if present.
    Raises InvalidUse for a write inside an `atomic()` block that is not part of the block.
    """
    if isinstance(operation, WRITES) and open_block.get() is not None:
        word = operation.action
        raise InvalidUse(
            f"{word}() on {operation.resource} inside atomic() would not be part of the block.",
            f"Write tx.{word}(…), or write outside of the block.",
        )
    result = link.perform(operation)
    if not isinstance(result, Refused):
        return result
    error = refusal(result)
    chosen = otherwise[result.position] if otherwise and isinstance(error, Conflict) else None
    raise chosen or error


@dataclass(frozen=True, slots=True)
class Declaration:
    """The record of a decorator on a class, as `__oort__`: the model of the resource."""

    model: Resource


def declaration(kind: object) -> Declaration | None:
    """Return the record of a decorator on the class; None if the class is not declared."""
    recorded = getattr(kind, "__oort__", None)
    return recorded if isinstance(recorded, Declaration) else None


def caller() -> Source:
    """The line of the user's code that runs now."""
    frame = _outside()
    return Source(frame.f_code.co_filename, frame.f_lineno)


def caller_module() -> str:
    """The module of the user's code that runs now."""
    return str(_outside().f_globals.get("__name__", ""))


def _outside() -> FrameType:
    frame = sys._getframe()
    while frame.f_code.co_filename.startswith(_OORT) and frame.f_back is not None:
        frame = frame.f_back
    return frame


class Handle:
    """The base of all handles; it holds the link."""

    _link: Link


class ResourceHandle(Handle):
    """The base of handles with actions in brackets: `People[Get | Put]`.

    `_ACTIONS` are the actions of this kind of resource; `_actions` are this handle's grants.
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
    """Return a handle of this class on the link, without running `__init__`.

    `state` are its further attributes.
    """
    handle = object.__new__(kind)
    handle.__dict__.update(state, _link=link)
    return handle


def check_action(handle: object, action: type) -> None:
    """Raise NotGranted unless the handle has the action. The broker checks the grant again."""
    actions: frozenset[type] | None = getattr(handle, "_actions", None)
    name = (handle if isinstance(handle, type) else type(handle)).__name__
    if actions is None:
        raise InvalidUse(
            f"{name} is a resource, not a handle.",
            f"Take it as a parameter: {name.lower()}: {name}[{action.__name__}].",
        )
    if action not in actions:
        raise NotGranted(
            f"The handler has no grant for {action.__name__} on {name}.",
            f"Add the action to the parameter: {name}[… | {action.__name__}].",
        )
