"""P14: consumers are independent. A mail server that is down costs nobody else anything, and no mail is lost."""

from datetime import timedelta

from cometbid.accounts.store import Account
from cometbid.analytics.service import Counts
from cometbid.email.service import Outgoing, SentMails
from cometbid.onboarding.service import Workspaces
from tests.scenarios.cometbid_kit import SIGN_UP, BrokenSender, MemorySender, platform, use


def test_the_mail_fails_and_everything_else_is_done() -> None:
    with platform(BrokenSender()) as running:
        account = running.post("/accounts", SIGN_UP).into(Account)
        running.settle()
        assert [count.sign_ups for count in running.items(Counts)] == [1]
        assert [workspace.owner for workspace in running.items(Workspaces)] == [account.id]
        assert [mail.to for mail in running.waiting(Outgoing)] == ["ada@example.com"]
        assert running.items(SentMails) == []


def test_after_its_attempts_the_mail_is_a_dead_letter_with_the_exception() -> None:
    with platform(BrokenSender()) as running:
        running.post("/accounts", SIGN_UP)
        running.settle()
        assert running.dead(Outgoing) == []  # one attempt of five
        running.advance(timedelta(hours=1))
        assert [mail.to for mail in running.dead(Outgoing)] == ["ada@example.com"]
        assert running.waiting(Outgoing) == []
        letter = running.dead_letters(Outgoing)[0]
        assert letter.attempts == 5
        assert letter.error.startswith("OSError: smtp is down\n")
        assert "raise OSError" in letter.error
        assert [report.delivery.attempt for report in running.failures()] == [1, 2, 3, 4, 5]


def test_redrive_completes_it() -> None:
    sender = MemorySender()
    with platform(BrokenSender()) as running:
        running.post("/accounts", SIGN_UP)
        running.advance(timedelta(hours=1))
        use(running, sender)
        assert running.redrive(Outgoing) == 1
        running.settle()
        assert running.dead(Outgoing) == running.waiting(Outgoing) == []
        assert [mail.to for mail in running.items(SentMails)] == ["ada@example.com"]
        assert [count.sign_ups for count in running.items(Counts)] == [1]
