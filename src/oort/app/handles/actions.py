"""The words of signatures: action markers, headers, replies, and the type variables of the public surface.

`People[Get | Put]` in a signature is the permission for type checkers, the engine and AWS.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Generic, Never, ParamSpec


class Action:
    """The base of all action markers.

    A kind of resource can have its own action, in the file of its handle.
    """


class Get(Action):
    """Read an item or object by its key: `dynamodb:GetItem`."""


class Put(Action):
    """Write a complete item or object: `dynamodb:PutItem`."""


class Update(Action):
    """Change attributes of an item: `dynamodb:UpdateItem`."""


class Delete(Action):
    """Remove an item: `dynamodb:DeleteItem`."""


class Query(Action):
    """Read the items of a partition of an index: `dynamodb:Query`."""


class Scan(Action):
    """Read all items of a table: `dynamodb:Scan`."""


class Check(Action):
    """Test a condition inside `atomic()` without a write: `dynamodb:ConditionCheckItem`."""


class Send(Action):
    """Send messages to a queue: `sqs:SendMessage`."""


def markers() -> tuple[type[Action], ...]:
    """Every action marker."""
    return tuple(Action.__subclasses__())


def word(marker: type) -> str:
    """Return the action's name in grants and logs: `get` for `Get`."""
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
N = TypeVar("N", int, float, Decimal)
R = TypeVar("R")
P = ParamSpec("P")
F = TypeVar("F", bound=Callable[..., object])
D = TypeVar("D", bound=type)


class Header:
    """Marks a parameter that comes from a request header.

    def enqueue(body: Order, key: Annotated[str, Header("Idempotency-Key")]) -> None: ...
    """

    def __init__(self, name: str) -> None:
        self.name = name


class Reply(Generic[T]):
    """A body with a status or headers of its own: `return Reply(account, headers={"Location": "/accounts/1"})`."""

    __slots__ = ("body", "headers", "status")

    def __init__(
        self, body: T, *, status: int | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        self.body = body
        self.status = status
        self.headers = dict(headers or {})
