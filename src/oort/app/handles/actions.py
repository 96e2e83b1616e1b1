"""The action markers. `People[Get | Put]` in a signature is the permission, for type checkers, the engine and AWS alike."""

from typing import TypeAlias


class Get:
    """Read one item or object by its key: `dynamodb:GetItem`."""


class Put:
    """Write one item or object whole: `dynamodb:PutItem`."""


class Update:
    """Change attributes of one item: `dynamodb:UpdateItem`."""


class Delete:
    """Remove one item: `dynamodb:DeleteItem`."""


class Query:
    """Read the items of one partition of an index: `dynamodb:Query`."""


class Scan:
    """Read a whole table: `dynamodb:Scan`."""


class Check:
    """Ask a condition inside `atomic()` without writing: `dynamodb:ConditionCheckItem`."""


class Send:
    """Put messages on a queue: `sqs:SendMessage`."""


Action: TypeAlias = Get | Put | Update | Delete | Query | Scan | Check | Send

MARKERS: tuple[type, ...] = (Get, Put, Update, Delete, Query, Scan, Check, Send)


def word(marker: type) -> str:
    """The action's name in grants and logs: `Get` is `get`."""
    return marker.__name__.lower()
