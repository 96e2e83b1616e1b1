"""What the engine asks of an invoker, in this process or in worker processes."""

from typing import Protocol

from oort.engine.invoking.cutoff import Cutoff
from oort.model.invocations import BatchOutcome, CallOutcome, HttpInvocation, HttpOutcome
from oort.model.messages import Delivery
from oort.model.operations import CallFunction


class Invoker(Protocol):
    """Runs functions, each invocation with the grants of its function. The calls block."""

    def request(
        self, name: str, invocation: HttpInvocation, *, cutoff: Cutoff | None = None
    ) -> HttpOutcome:
        """Run a function for a request. `cutoff` can revoke the rights of the invocation."""

    def batch(self, name: str, deliveries: tuple[Delivery, ...], *, id: str) -> BatchOutcome:
        """Run a function for a batch of deliveries."""

    def call(self, name: str, operation: CallFunction) -> CallOutcome:
        """Run the function that answers the call."""

    def wind_down(self) -> None:
        """Let running batches end after their current message. Never blocks."""

    def close(self) -> None:
        """Close every environment. Call it when no invocation runs."""
