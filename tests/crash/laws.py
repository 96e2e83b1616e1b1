"""The laws of every crash: nothing acknowledged is lost, and no effect inside `atomic()` happens twice.

*published = done + in flight + parked + dead*: for each consumer and order there is the effect, or the message is in one place.
What was published is told by the ledger and by the orders themselves, what was done by numbers that the handlers wrote.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import msgspec

from oort.engine.rows import messages
from oort.engine.rows.encoding import decoded
from oort.engine.store.direct import DirectStore
from oort.engine.store.session import Session
from oort.model.messages import Message
from tests.crash.ledger import Ledger
from tests.crash.orders import COUNTED, MAILED, SHIPPED, TICKED, WORKED

SUBSCRIBERS = {
    "orders.accepted": ("orders.count", "orders.mail"),
    "orders.counted": ("orders.ship",),
}
QUEUES = {
    COUNTED: "orders.count",
    MAILED: "orders.mail",
    SHIPPED: "orders.ship",
    WORKED: "orders.jobs",
}
DONE, WAITING, PARKED, DEAD = "done", "in flight", "parked", "dead"


@dataclass(slots=True)
class Books:
    """The content of a database, by order. `copies` are the places of each message: (queue, order) -> places."""

    placed: set[str] = field(default_factory=set[str])
    effects: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    prices: set[str] = field(default_factory=set[str])
    copies: dict[tuple[str, str], list[str]] = field(
        default_factory=lambda: defaultdict[tuple[str, str], list[str]](list)
    )


def read(database: DirectStore) -> Books:
    """Read the tables as they are."""
    return database.read(_read)


def _read(session: Session) -> Books:
    books = Books()
    for table, value in session.rows("SELECT tbl, value FROM items"):
        item: dict[str, Any] = decoded(value)
        if table == "orders.placed":
            books.placed.add(item["id"])
        elif table == "orders.prices":
            books.prices.add(item["id"])
        else:
            consumer, _, order = item["id"].partition(" ")
            books.effects[consumer, order] = item["count"]
    for kind, name, payload in session.rows("SELECT kind, name, payload FROM outbox"):
        for queue in SUBSCRIBERS[name] if kind == "publish" else (name,):
            books.copies[queue, order_of(messages.unpacked(payload))].append(WAITING)
    for place, table in ((WAITING, "messages"), (PARKED, "parked"), (DEAD, "dead")):
        for queue, payload in session.rows(f"SELECT queue, payload FROM {table}"):
            books.copies[queue, order_of(messages.unpacked(payload))].append(place)
    return books


def order_of(message: Message) -> str:
    """Return the id of the order in a message; that of the message itself for a run of the schedule."""
    if message.body == b"null":
        return message.id
    return str(msgspec.json.decode(message.body)["id"])


def broken(books: Books, ledger: Ledger, totals: Counter[str]) -> list[str]:
    """Return the laws that do not hold. `totals` counts messages by place."""
    faults = list(ledger.broken)
    faults += [
        f"{order} was acknowledged and is gone" for order in sorted(ledger.placed - books.placed)
    ]
    expected = {
        (consumer, order) for order in books.placed for consumer in (COUNTED, MAILED, WORKED)
    }
    expected |= {(WORKED, order) for order in ledger.noted}
    expected |= {(SHIPPED, order) for consumer, order in books.effects if consumer == COUNTED}
    for consumer, order in sorted(expected):
        faults += _settled(books, ledger, consumer, order, totals)
    for order in sorted(ledger.unreadable):
        places = books.copies.get(("orders.jobs", order), [])
        totals.update(places)
        if len(places) != 1:
            faults.append(f"{order}, which nobody can read, is in {len(places)} places: {places}")
    faults += [
        f"{consumer} happened {count} times for {order}"
        for (consumer, order), count in books.effects.items()
        if count != 1
    ]
    faults += _from_nothing(books, ledger, expected)
    return faults


def _settled(
    books: Books, ledger: Ledger, consumer: str, order: str, totals: Counter[str]
) -> list[str]:
    queue = QUEUES[consumer]
    places = books.copies.get((queue, order), [])
    done = order in ledger.mails if consumer == MAILED else (consumer, order) in books.effects
    if not places and not done:
        return [f"{consumer} will never happen for {order}: its message is nowhere"]
    totals.update(places[:1] or [DONE])
    faults = []
    if len(places) > 1 + ledger.replayed[queue, order]:
        faults.append(f"the message to {consumer} for {order} is in {len(places)} places: {places}")
    if consumer == WORKED and done and order not in books.prices:
        faults.append(f"the price of {order} was acknowledged to its caller and is gone")
    return faults


def _from_nothing(books: Books, ledger: Ledger, expected: set[tuple[str, str]]) -> list[str]:
    """Return what a refused or interrupted transaction left behind."""
    known = {(QUEUES[consumer], order) for consumer, order in expected}
    known |= {("orders.jobs", order) for order in ledger.unreadable | ledger.maybe}
    made = set(books.copies) | {
        (QUEUES[consumer], order) for consumer, order in books.effects if consumer != TICKED
    }
    return [
        f"a message to {queue} for {order} comes from nothing"
        for queue, order in sorted(made - known)
        if queue != "orders.tick"
    ] + [
        f"a mail was sent for {order}, which does not exist"
        for order in sorted(ledger.mails.keys() - books.placed)
    ]


def unfinished(books: Books, ledger: Ledger) -> list[str]:
    """Return what is left after everything was repaired and delivered."""
    faults = [
        f"the message of {order} to {queue} is still {', '.join(places)}"
        for (queue, order), places in sorted(books.copies.items())
        if places != [PARKED] or order not in ledger.unreadable | ledger.maybe
    ]
    faults += [
        f"{consumer} did not happen for {order}"
        for order in sorted(books.placed)
        for consumer in (COUNTED, SHIPPED, WORKED)
        if (consumer, order) not in books.effects
    ]
    faults += [
        f"no mail was sent for {order}" for order in sorted(books.placed - ledger.receipts.keys())
    ]
    return faults
