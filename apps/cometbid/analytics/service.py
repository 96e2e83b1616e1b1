"""Counts sign-ups, each exactly once, and shows the counts of a day."""

from datetime import date

import msgspec

from cometbid.contracts.accounts import SignedUp
from oort import Can, Context, Index, Page, Query, Service, Table, Update, atomic, field, fields

analytics = Service("analytics")


class DayCount(msgspec.Struct):
    """The sign-ups of one day in one country."""

    day: date
    country: str
    sign_ups: int = 0


D = fields(DayCount)


@analytics.table("counts", key=("day", "country"))
class Counts(Table[tuple[date, str], DayCount, Can]):
    """Sign-ups by day and country."""

    by_day = Index[date, str]("day", sort="country")  # the table's own key: never behind


@analytics.on(SignedUp)
def count(event: SignedUp, ctx: Context, counts: Counts[Update]) -> None:
    """Count a sign-up. The block carries the inbox mark, so a redelivery does not count again."""
    day = ctx.now.date()
    with atomic() as tx:
        initial = DayCount(day, event.country)
        tx.update(counts, (day, event.country), field(D.sign_ups).add(1), initial=initial)


@analytics.get("/counts/{day}", public=True)
def show(day: date, counts: Counts[Query], cursor: str | None = None) -> Page[DayCount]:
    """Show the sign-ups of a day."""
    return counts.query(Counts.by_day, day, after=cursor)
