"""The result of a call that no function answers, the same on every target."""

from oort.model.operations import Objected

_BAD_GATEWAY = 502


def unanswered(call: str) -> Objected:
    """Return the result of a call that no function of the platform answers."""
    return Objected(_BAD_GATEWAY, "CallFailed", f"No function here answers {call}.")
