"""The event classes of a program, with who publishes and who consumes them."""

from cometbid.accounts import accounts
from cometbid.analytics.service import analytics
from cometbid.contracts.accounts import Closed, EmailChanged, SignedUp
from cometbid.email.service import email
from cometbid.onboarding.service import onboarding
from oort.app.documents import event_contracts
from oort.app.loading.loader import load


def test_every_event_is_listed_with_its_producers_and_consumers() -> None:
    found = event_contracts.events(load([accounts, email, analytics, onboarding], name="cometbid"))
    assert [(one.model.name, one.kind) for one in found] == [
        ("accounts.closed", Closed),
        ("accounts.email-changed", EmailChanged),
        ("accounts.signed-up", SignedUp),
    ]
    signed_up = found[-1]
    assert signed_up.producers == ("accounts.sign_up",)
    assert signed_up.consumers == ("analytics.count", "email.welcome", "onboarding.first_workspace")
    assert found[0].consumers == ()
