"""The events of the service `accounts`."""

from oort import Event, event


@event("accounts.signed-up", version=1, key="account_id")
class SignedUp(Event):
    """Somebody created an account."""

    account_id: str
    email: str
    country: str


@event("accounts.email-changed", version=1, key="account_id")
class EmailChanged(Event):
    """An account has a new e-mail address."""

    account_id: str
    email: str


@event("accounts.closed", version=1, key="account_id")
class Closed(Event):
    """An account was closed by its owner or by support."""

    account_id: str
    reason: str | None = None
