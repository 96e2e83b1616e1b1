"""The caller and the context of an invocation, as a handler sees them."""

from datetime import datetime, timedelta

import msgspec


class Principal(msgspec.Struct, frozen=True):
    """The authenticated caller of a request: the subject of a verified token.

    Ask for a Principal in a private route's handler; on a public route write `Principal | None`.
    """

    id: str
    groups: frozenset[str] = frozenset()


class Context(msgspec.Struct, frozen=True):
    """The context of an invocation: its message, attempt, time and deadline.

    `message_id` stays the same when a message is delivered again; each request has a new id.
    `attempt` counts from 1.
    """

    message_id: str
    attempt: int
    now: datetime
    deadline: datetime

    def remaining(self, now: datetime) -> timedelta:
        """Return the time left until the invocation is ended."""
        return self.deadline - now
