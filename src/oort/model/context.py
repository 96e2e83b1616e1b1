"""What a handler may know of its invocation: the caller, and the context."""

from datetime import datetime, timedelta

import msgspec


class Principal(msgspec.Struct, frozen=True):
    """Who makes a request: the subject of a verified token.

    Ask for it in a private route's handler; on a public route write `Principal | None`.
    """

    id: str
    groups: frozenset[str] = frozenset()


class Context(msgspec.Struct, frozen=True):
    """What a handler may know of its invocation.

    `message_id` stays the same when a message is delivered again; for a request it is new each time. `attempt` counts from 1.
    """

    message_id: str
    attempt: int
    now: datetime
    deadline: datetime

    def remaining(self, now: datetime) -> timedelta:
        """The time left before the invocation is ended."""
        return self.deadline - now
