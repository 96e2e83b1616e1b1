"""What DynamoDB's refusals mean in our words."""

from oort.aws.failures import Rejected
from oort.model import limits
from oort.model.errors import ConditionFailed, InvalidValue, LimitExceeded, OortError
from oort.rules.tables.attributes import Attributes

FAILED = "ConditionalCheckFailedException"
INVALID = "ValidationException"
CONFLICT = "TransactionConflictException"
CANCELLED = "TransactionCanceledException"


def item(error: Rejected) -> Attributes | None:
    """The item that a failed condition met; None if there was none."""
    found = error.answer.get("Item")
    return found if isinstance(found, dict) and found else None


def is_size(message: str) -> bool:
    """Whether DynamoDB means that something is too large or nested too deep: both have one code with all other mistakes."""
    lowered = message.lower()
    return "size" in lowered or "nesting" in lowered


def invalid(name: str, message: str) -> OortError:
    """The error for what DynamoDB does not take for a table, or for a transaction."""
    if is_size(message):
        return LimitExceeded(
            f"What is written to {name} is too large or nested too deep: {message}",
            f"An item may have {limits.ITEM_BYTES} bytes and {limits.ITEM_DEPTH} levels: store the large part elsewhere.",
        )
    return InvalidValue(
        f"DynamoDB does not take this for {name}: {message}", "Give it what its type says."
    )


def condition(name: str, *, position: int = 0) -> ConditionFailed:
    """The error for a condition that did not hold."""
    return ConditionFailed(f"The condition of a write to {name} does not hold.", position=position)
