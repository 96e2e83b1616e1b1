"""DynamoDB's refusals as Oort's errors."""

from oort.aws.failures import Rejected
from oort.model import limits
from oort.model.errors import ConditionFailed, InvalidValue, LimitExceeded, OortError
from oort.rules.tables.attributes import Attributes

FAILED = "ConditionalCheckFailedException"
INVALID = "ValidationException"
CONFLICT = "TransactionConflictException"
CANCELLED = "TransactionCanceledException"


def item(error: Rejected) -> Attributes | None:
    """Return the item that failed the condition; None if there was none."""
    stored = error.answer.get("Item")
    return stored if isinstance(stored, dict) and stored else None


def is_size(message: str) -> bool:
    """True if an item is too large or nested too deep: DynamoDB has one code for these
    and all other mistakes.
    """
    lowered = message.lower()
    return "size" in lowered or "nesting" in lowered


def invalid(name: str, message: str) -> OortError:
    """Return the error for a request that DynamoDB refuses for a table or a transaction."""
    if is_size(message):
        return LimitExceeded(
            f"What is written to {name} is too large or nested too deep: {message}",
            f"An item may have {limits.ITEM_BYTES} bytes and {limits.ITEM_DEPTH} levels:"
            " store the large part elsewhere.",
        )
    return InvalidValue(
        f"DynamoDB does not take this for {name}: {message}", "Give it what its type says."
    )


def condition(name: str, *, position: int = 0) -> ConditionFailed:
    """Return the error for a condition that does not hold."""
    return ConditionFailed(f"The condition of a write to {name} does not hold.", position=position)
