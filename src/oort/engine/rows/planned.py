"""A write that is ready for the store, so that a caller need not wait for it in a thread."""

from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from oort.engine.store.session import Session
from oort.model.operations import Done, Result

T = TypeVar("T")


class Planned(msgspec.Struct, Generic[T], frozen=True):
    """The work of an operation, and the function that makes the operation's result of its outcome.

    Mistakes that show without the store were raised before.
    """

    work: Callable[[Session], T]
    result: Callable[[T], Result]


def done(_: object) -> Done:
    """Return the result of a write whose outcome says nothing."""
    return Done()
