"""The action markers, and the type variables of the public surface.

`People[Get | Put]` in a signature is the permission, for type checkers, the engine and AWS alike.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Never, ParamSpec


class Action:
    """The base of all action markers. A kind of resource may bring its own, in the file of its handle."""


class Get(Action):
    """Read one item or object by its key: `dynamodb:GetItem`."""


class Put(Action):
    """Write one item or object whole: `dynamodb:PutItem`."""


class Update(Action):
    """Change attributes of one item: `dynamodb:UpdateItem`."""


class Delete(Action):
    """Remove one item: `dynamodb:DeleteItem`."""


class Query(Action):
    """Read the items of one partition of an index: `dynamodb:Query`."""


class Scan(Action):
    """Read a whole table: `dynamodb:Scan`."""


class Check(Action):
    """Ask a condition inside `atomic()` without writing: `dynamodb:ConditionCheckItem`."""


class Send(Action):
    """Put messages on a queue: `sqs:SendMessage`."""


def markers() -> tuple[type[Action], ...]:
    """Every action marker."""
    return tuple(Action.__subclasses__())


def word(marker: type) -> str:
    """The action's name in grants and logs: `Get` is `get`."""
    return marker.__name__.lower()


# Defaults (PEP 696) matter to type checkers only, so Python 3.11 does without.
if TYPE_CHECKING:
    from typing_extensions import TypeVar

    S = TypeVar("S", default=None)
    Can = TypeVar("Can", bound=Action, contravariant=True, default=Never)
else:
    from typing import TypeVar

    S = TypeVar("S")
    Can = TypeVar("Can", bound=Action, contravariant=True)

K = TypeVar("K")
T = TypeVar("T")
M = TypeVar("M")
V = TypeVar("V")
N = TypeVar("N", int, float)
R = TypeVar("R")
P = ParamSpec("P")
F = TypeVar("F", bound=Callable[..., object])
D = TypeVar("D", bound=type)
