"""The reference platform in the test kit, with senders that tests can read or break."""

from cometbid.accounts import accounts
from cometbid.analytics.service import analytics
from cometbid.email.sender import Mail, Sender
from cometbid.email.service import email
from cometbid.onboarding.service import onboarding
from oort.testing import Platform

SIGN_UP = {"email": "ada@example.com", "country": "NO"}


class MemorySender:
    """Remembers every call, repeats included."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []

    def send(self, mail: Mail, *, reference: str) -> None:
        """Remember it."""
        self.calls.append((reference, mail.to))


class BrokenSender:
    """A mail server that is down."""

    def send(self, mail: Mail, *, reference: str) -> None:
        """Fail."""
        raise OSError("smtp is down")


def platform(sender: Sender, *, redeliver: bool = True, seed: int = 0) -> Platform:
    """All four services, sending through the given sender."""
    made = Platform(accounts, email, analytics, onboarding, redeliver=redeliver, seed=seed)
    use(made, sender)
    return made


def use(made: Platform, sender: Sender) -> None:
    """From now on, send through this one."""

    def provided() -> Sender:
        return sender

    made.provide(provided)
