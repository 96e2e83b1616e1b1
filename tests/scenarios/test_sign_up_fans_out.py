"""P14, P15, P2: a sign-up is an event; e-mail, analytics and onboarding each do their part, once, whatever is delivered twice."""

from datetime import timedelta

import pytest

from cometbid.accounts.store import Account, Emails, People
from cometbid.analytics.service import Counts
from cometbid.contracts.accounts import SignedUp
from cometbid.email.service import Outgoing, SentMails
from cometbid.onboarding.service import Workspaces
from tests.scenarios.cometbid_kit import SIGN_UP, MemorySender, platform


@pytest.mark.parametrize("seed", range(5))
def test_one_sign_up_sends_a_mail_counts_one_and_creates_a_workspace(seed: int) -> None:
    sender = MemorySender()
    with platform(sender, seed=seed) as running:
        reply = running.post("/accounts", SIGN_UP)
        account = reply.into(Account)
        assert (reply.status, reply.headers["location"]) == (201, f"/accounts/{account.id}")
        running.settle()
        assert [event.account_id for event in running.published(SignedUp)] == [account.id]
        assert [count.sign_ups for count in running.items(Counts)] == [1]
        assert [workspace.owner for workspace in running.items(Workspaces)] == [account.id]
        assert [mail.to for mail in running.items(SentMails)] == ["ada@example.com"]
        assert running.waiting(Outgoing) == []


def test_the_outside_world_sees_one_mail_though_everything_is_delivered_twice() -> None:
    sender = MemorySender()
    with platform(sender) as running:
        running.post("/accounts", SIGN_UP)
        running.settle()
        assert [to for _, to in sender.calls] == ["ada@example.com"]


def test_the_same_e_mail_address_is_a_conflict_and_publishes_nothing() -> None:
    with platform(MemorySender()) as running:
        running.post("/accounts", SIGN_UP)
        again = running.post("/accounts", {**SIGN_UP, "email": "ADA@example.com"})
        assert (again.status, again.headers["content-type"]) == (409, "application/problem+json")
        assert (
            len(running.items(People))
            == len(running.items(Emails))
            == len(running.published(SignedUp))
            == 1
        )


def test_a_changed_e_mail_address_frees_the_old_one() -> None:
    with platform(MemorySender()) as running:
        account = running.post("/accounts", SIGN_UP).into(Account)
        changed = running.patch(
            f"/accounts/{account.id}/email", {"email": "countess@example.com"}, as_=account.id
        )
        assert changed.into(Account).email == "countess@example.com"
        assert running.post("/accounts", SIGN_UP).status == 201
        taken = running.patch(
            f"/accounts/{account.id}/email", {"email": "ada@example.com"}, as_=account.id
        )
        assert taken.status == 409
        assert {person.email for person in running.items(People)} == {
            "ada@example.com",
            "countess@example.com",
        }


def test_a_closed_account_is_gone_and_its_address_is_free() -> None:
    with platform(MemorySender()) as running:
        account = running.post("/accounts", SIGN_UP).into(Account)
        assert running.delete(f"/accounts/{account.id}", as_=account.id).status == 204
        assert running.get(f"/accounts/{account.id}", as_=account.id).status == 404
        assert running.post("/accounts", SIGN_UP).status == 201


def test_each_service_shows_a_person_the_result() -> None:
    with platform(MemorySender()) as running:
        account = running.post("/accounts", SIGN_UP).into(Account)
        running.settle()
        running.advance(timedelta(seconds=1))
        support = ["support"]
        day = account.created.date()
        counts = running.get(f"/analytics/counts/{day}").json()
        assert counts == {
            "items": [{"day": str(day), "country": "NO", "sign_ups": 1}],
            "next": None,
        }
        assert account.id in str(running.get("/accounts?country=NO", groups=support).json())
        assert "ada@example.com" in str(running.get("/email/sent", groups=support).json())
        assert account.id in str(running.get("/onboarding/workspaces", groups=support).json())
        assert running.get(f"/onboarding/workspaces/{account.id}", as_=account.id).status == 200
