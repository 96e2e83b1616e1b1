"""The routes of the service."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from cometbid.accounts.store import (
    Account,
    Archive,
    Emails,
    EmailTaken,
    People,
    accounts,
    add,
    move,
)
from cometbid.contracts.accounts import Closed, EmailChanged, SignedUp
from oort import (
    Context,
    Delete,
    Get,
    NotFound,
    Page,
    Publish,
    Put,
    Query,
    Reply,
    atomic,
    field,
    fields,
)

Email = Annotated[
    str, Meta(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254, examples=["ada@example.com"])
]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$", examples=["NO"])]


A = fields(Account)


class NewAccount(msgspec.Struct):
    """What it takes to sign up."""

    email: Email
    country: Country


class NewEmail(msgspec.Struct):
    """Another e-mail address."""

    email: Email


@accounts.post("/", status=201, public=True, raises=[EmailTaken])
def sign_up(
    body: NewAccount, ctx: Context, people: People[Put], emails: Emails[Put], out: Publish[SignedUp]
) -> Reply[Account]:
    """Create an account."""
    account = Account(
        id=ctx.message_id, email=body.email.lower(), country=body.country, created=ctx.now
    )
    with atomic() as tx:
        add(tx, account, people, emails)
        tx.publish(
            out, SignedUp(account_id=account.id, email=account.email, country=account.country)
        )
    return Reply(account, headers={"location": f"/accounts/{account.id}"})


@accounts.get("/{id}", owner="id", groups=["support"], raises=[NotFound])
def read(id: str, people: People[Get]) -> Account:
    """Show an account to its owner or to support."""
    return people.require(id)


@accounts.get("/", groups=["support"])
def in_country(
    people: People[Query],
    country: Country = "NO",
    since: datetime | None = None,
    limit: Annotated[int, Meta(ge=1, le=100)] = 50,
    cursor: str | None = None,
) -> Page[Account]:
    """List the accounts of a country, newest first."""
    return people.query(
        People.by_country, country, at_least=since, reverse=True, limit=limit, after=cursor
    )


@accounts.patch("/{id}/email", owner="id", groups=["support"], raises=[NotFound, EmailTaken])
def change_email(
    id: str,
    body: NewEmail,
    people: People[Get | Put],
    emails: Emails[Put | Delete],
    out: Publish[EmailChanged],
) -> Account:
    """Change an account's e-mail address."""
    account = people.require(id)
    email = body.email.lower()
    if email == account.email:
        return account
    with atomic() as tx:
        move(tx, account, email, people, emails)
        tx.publish(out, EmailChanged(account_id=id, email=email))
    return account


@accounts.delete("/{id}", owner="id", groups=["support"], raises=[NotFound])
def close(
    id: str,
    people: People[Get | Delete],
    emails: Emails[Delete],
    archive: Archive[Put],
    out: Publish[Closed],
    reason: Annotated[str, Meta(max_length=500)] | None = None,
) -> None:
    """Close an account: it moves to the archive, and its e-mail address is free again."""
    account = people.require(id)
    with atomic() as tx:
        tx.delete(people, id, when=field(A.revision).equals(account.revision))
        tx.delete(emails, account.email)
        tx.put(archive, account)
        tx.publish(out, Closed(account_id=id, reason=reason))
