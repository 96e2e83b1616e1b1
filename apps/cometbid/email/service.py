"""Consumes sign-ups, sends the mails, and shows what was sent."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from cometbid.contracts.accounts import SignedUp
from cometbid.email.sender import FileSender, Mail, Sender, outbox
from oort import Can, Context, Once, Page, Put, Queue, Scan, Send, Service, Table, atomic

email = Service("email")


class Sent(msgspec.Struct):
    """The record of a mail that was sent."""

    id: str
    to: str
    subject: str
    at: datetime


@email.queue("outgoing", attempts=5)
class Outgoing(Queue[Mail, Can]):
    """Mails that wait to be sent."""


@email.table("sent", key="id")
class SentMails(Table[str, Sent, Can]):
    """Every mail that was sent, once, however often it was tried."""


@email.provide
def sender() -> Iterator[Sender]:
    """The file outbox, open as long as the environment lives."""
    opened = FileSender(outbox())
    yield opened
    opened.close()


@email.on(SignedUp)
def welcome(event: SignedUp, outgoing: Outgoing[Send]) -> None:
    """Queue a welcome for somebody who signed up."""
    with atomic() as tx:
        tx.send(outgoing, Mail(event.email, "Welcome to Cometbid", "It is good to have you here."))


@email.worker(Outgoing, batch=10)
def deliver(mail: Mail, ctx: Context, sender: Sender, sent: SentMails[Put], once: Once) -> None:
    """Send one mail, then record it. A message that comes again does not send it again."""
    once("send", lambda key: sender.send(mail, reference=key))
    sent.put(Sent(ctx.message_id, mail.to, mail.subject, ctx.now))


@email.get("/sent", groups=["support"])
def sent_mails(sent: SentMails[Scan], cursor: str | None = None) -> Page[Sent]:
    """Show the mails that were sent."""
    return sent.scan(after=cursor)
