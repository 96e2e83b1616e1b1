"""Calls between services: the result that every target gives when no function answers."""

from oort.model.operations import Objected

_BAD_GATEWAY = 502


def unanswered(call: str) -> Objected:
    """The result of a call that no function of the platform answers."""
    return Objected(_BAD_GATEWAY, "CallFailed", f"Nobody answers {call} here.")
