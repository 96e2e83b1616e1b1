"""The destination of spans."""

from collections.abc import Sequence
from typing import Protocol

from oort.model.invocations import Span


class Traces(Protocol):
    """Takes finished spans.

    Recording never fails an invocation, and need not be durable at return.
    """

    def record(self, spans: Sequence[Span]) -> None:
        """Record the spans of one invocation."""
