"""What the service keeps: people, the claims that make e-mail addresses unique, and an archive of closed accounts."""

from datetime import datetime

import msgspec

from oort import Can, Conflict, Delete, Index, Put, Service, Table, Transaction

accounts = Service("accounts")


class Account(msgspec.Struct, kw_only=True):
    """One person's account."""

    id: str
    email: str
    country: str
    created: datetime
    revision: int = 0


class Claim(msgspec.Struct):
    """An e-mail address that is taken. An index never enforces uniqueness; a claim, written in the same block, does."""

    email: str
    account_id: str


class EmailTaken(Conflict):
    """Another account has this e-mail address."""


@accounts.table("people", key="id", version="revision")
class People(Table[str, Account, Can]):
    """Every open account."""

    by_country = Index[str, datetime]("country", sort="created")


@accounts.table("emails", key="email")
class Emails(Table[str, Claim, Can]):
    """Every e-mail address that is taken."""


@accounts.table("archive", key="id")
class Archive(Table[str, Account, Can]):
    """Every closed account."""


def add(tx: Transaction, account: Account, people: People[Put], emails: Emails[Put]) -> None:
    """Create the account, unless its e-mail address is taken."""
    claim = Claim(account.email, account.id)
    tx.put(emails, claim, if_absent=True, otherwise=EmailTaken(f"{account.email} has an account."))
    tx.put(people, account)


def move(
    tx: Transaction, account: Account, email: str, people: People[Put], emails: Emails[Put | Delete]
) -> None:
    """Give the account another e-mail address, unless that is taken."""
    tx.delete(emails, account.email)
    tx.put(
        emails,
        Claim(email, account.id),
        if_absent=True,
        otherwise=EmailTaken(f"{email} has an account."),
    )
    account.email = email
    tx.put(people, account)
