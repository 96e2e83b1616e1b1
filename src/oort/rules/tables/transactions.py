"""Limits of transactions on both targets: the number of actions, the bytes, and each item once."""

from collections.abc import Iterable

from oort.model import limits
from oort.model.errors import InvalidUse, LimitExceeded
from oort.rules.tables.items import Address


def check_count(actions: int) -> None:
    """Raise LimitExceeded if there are too many actions."""
    if actions > limits.TRANSACTION_ACTIONS:
        raise LimitExceeded(
            f"A transaction has {actions} actions; at most {limits.TRANSACTION_ACTIONS} are "
            "allowed, each message and the inbox mark included.",
            "Split it.",
        )


def check_once(addresses: Iterable[tuple[str, Address]]) -> None:
    """Raise InvalidUse if an item, identified by its table and address, is written twice."""
    seen: set[tuple[str, Address]] = set()
    for address in addresses:
        if address in seen:
            raise InvalidUse(
                f"A transaction writes one item of {address[0]} twice.", "Make it one write."
            )
        seen.add(address)


def check_size(size: int) -> None:
    """Raise LimitExceeded if there are too many bytes."""
    if size > limits.TRANSACTION_BYTES:
        raise LimitExceeded(
            f"A transaction has {size} bytes; at most {limits.TRANSACTION_BYTES} are allowed.",
            "Split it.",
        )
