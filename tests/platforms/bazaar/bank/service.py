"""Answers a call, consumes an event, reads a secret, and runs two schedules."""

import hashlib
from datetime import date, timedelta

import msgspec

from bazaar.contracts import Pay, Payment, Receipt, Sold, TooMuch
from oort import (
    Can,
    Context,
    Get,
    Index,
    NotFound,
    Page,
    Put,
    Query,
    Read,
    Scan,
    Secret,
    Service,
    Table,
    Update,
    atomic,
    field,
    fields,
)

bank = Service("bank")
MOST = 100_000


class Sales(msgspec.Struct):
    """The sales of one day."""

    day: date
    branch: str
    cents: int = 0


class Run(msgspec.Struct):
    """A run of a schedule."""

    id: str
    name: str


S = fields(Sales)


@bank.table("sales", key=("day", "branch"))
class AllSales(Table[tuple[date, str], Sales, Can]):
    """Sales by day and branch."""

    by_day = Index[date, str]("day", sort="branch")  # the table's own key


@bank.table("runs", key="id")
class Runs(Table[str, Run, Can]):
    """Every run of a schedule."""


@bank.secret("ledger-key")
class LedgerKey(Secret[str, Can]):
    """The key that signs the ledger."""


@bank.answer(Pay)
def pay_out(payment: Payment) -> Receipt:
    """Pay an order."""
    if payment.cents > MOST:
        raise TooMuch(f"{payment.cents} cents are too many.")
    return Receipt(payment.order, payment.cents)


@bank.on(Sold)
def book(event: Sold, ctx: Context, sales: AllSales[Update]) -> None:
    """Count a sale, once."""
    day = ctx.now.date()
    with atomic() as tx:
        initial = Sales(day, "main")
        tx.update(sales, (day, "main"), field(S.cents).add(event.cents), initial=initial)


@bank.every(timedelta(minutes=5))
def settle(ctx: Context, runs: Runs[Put]) -> None:
    """Settle, every five minutes."""
    runs.put(Run(ctx.message_id, "settle"))


@bank.cron("0 6 1 * mon", timezone="Europe/Oslo")
def close(ctx: Context, runs: Runs[Put]) -> None:
    """Close the books: on the first of the month and on Mondays."""
    runs.put(Run(ctx.message_id, "close"))


@bank.get("/sales/{day}", groups=["support"])
def show_sales(day: date, sales: AllSales[Query], cursor: str | None = None) -> Page[Sales]:
    """Show the sales of a day."""
    return sales.query(AllSales.by_day, day, after=cursor)


@bank.get("/runs", public=True)
def show_runs(runs: Runs[Scan]) -> Page[Run]:
    """Show the runs of the schedules."""
    return runs.scan()


@bank.get("/runs/{id}", public=True, raises=[NotFound])
def show_run(id: str, runs: Runs[Get]) -> Run:
    """Show one run."""
    return runs.require(id)


@bank.get("/ledger-key", public=True)
def show_ledger_key(key: LedgerKey[Read]) -> str:
    """Show the fingerprint of the ledger's key."""
    return hashlib.sha256(key.value().encode()).hexdigest()[:8]
