"""A store at whose commits the process can crash, and the names of the moments at which it does.

The database outlives the process: `BoundaryStore` belongs to one process, `DirectStore` to all of them. A crash inside a
transaction undoes it, as SQLite does at the next start; `power.py` shows that it does.
"""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from typing import Protocol, TypeVar

from oort.engine.store.direct import DirectStore
from oort.engine.store.session import Row, Session, Value

T = TypeVar("T")

_STATEMENT = re.compile(r"\s*(INSERT|UPDATE|DELETE)\b(?:[\w\s]*?\b(?:INTO|FROM)\b)?\s+(\w+)")
_LEASE = "leased = 1 WHERE"


class Crash(BaseException):
    """The process is dead. Nothing that it still does reaches the database."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of a process: what it commits, and how far it is.

    `at` is "before" the transaction, "commit" for the end of it, "after" it, or the statement that comes next.
    """

    work: str  # the function that makes the transaction: "Relay.move"
    at: str
    done: frozenset[str]  # the statements that were run


class Process(Protocol):
    """What the store tells of its progress."""

    def reach(self, moment: Moment) -> None:
        """Reach a moment; raise Crash if the process dies there."""

    def pause(self) -> None:
        """Let others work, where a thread may lose its turn: in front of each transaction."""


class BoundaryStore:
    """A `Store` of one process. See `Store` for the methods."""

    def __init__(self, database: DirectStore, process: Process) -> None:
        self.on_commit: Callable[[], None] = _ignore
        self.commit_seconds = 0.0
        self._database = database
        self._process = process
        self._unhurried: list[Callable[[Session], object]] = []
        self.dead = False

    def read(self, work: Callable[[Session], T]) -> T:
        self._live()
        self._process.pause()
        return self._database.read(work)

    def row(self, sql: str, *values: Value) -> Row | None:
        self._live()
        self._process.pause()
        return self._database.row(sql, *values)

    def write(self, work: Callable[[Session], T]) -> T:
        self._live()
        self._process.pause()
        name, done = _name(work), set[str]()

        def reach(at: str) -> None:
            self._live()
            self._process.reach(Moment(name, at, frozenset(done)))

        def watched(session: Session) -> T:
            result = work(_Watched(session, done, reach))
            reach("commit")
            for unhurried in self._unhurried:
                unhurried(session)
            return result

        reach("before")
        result = self._database.write(watched)
        self._unhurried.clear()
        reach("after")
        return result

    def submit(self, work: Callable[[Session], T]) -> "Future[T]":
        raise NotImplementedError("nothing of the engine submits work")

    def begin(self, work: Callable[[Session], T], then: Callable[[T | Exception], None]) -> None:
        raise NotImplementedError("only worker processes write without a thread")

    def free(self) -> int | None:
        """See `Store.free`."""
        return self._database.free()

    def later(self, work: Callable[[Session], object]) -> None:
        """Let the work join the next commit. It dies with the process, as it may."""
        self._live()
        self._unhurried.append(work)

    def data_version(self) -> int:
        return self._database.data_version()

    def close(self) -> None:
        self.dead = True

    def _live(self) -> None:
        if self.dead:
            raise Crash


class _Watched(Session):
    """A session that says which statement comes next."""

    __slots__ = ("_done", "_reach", "_session")

    def __init__(self, session: Session, done: set[str], reach: Callable[[str], None]) -> None:
        self._session, self._done, self._reach = session, done, reach

    def run(self, sql: str, *values: Value) -> int:
        statement = _statement(sql)
        self._reach(statement)
        changed = self._session.run(sql, *values)
        if changed:
            self._done.add(statement)
        return changed

    def row(self, sql: str, *values: Value) -> Row | None:
        return self._session.row(sql, *values)

    def rows(self, sql: str, *values: Value) -> list[Row]:
        return self._session.rows(sql, *values)

    def each(self, sql: str, *values: Value) -> Iterator[Row]:
        return self._session.each(sql, *values)

    def wake(self) -> None:
        self._session.wake()


@cache
def _statement(sql: str) -> str:
    """Return "INSERT outbox" for such a statement, and "LEASE messages" for the lease of a message."""
    match = _STATEMENT.match(sql)
    assert match is not None, sql
    return "LEASE messages" if _LEASE in sql else f"{match[1]} {match[2]}"


def _name(work: Callable[..., object]) -> str:
    """Return "Relay.move" for a function inside that method."""
    name: str = getattr(work, "__qualname__", "")
    return name.partition(".<locals>")[0]


def _ignore() -> None:
    """Wake nobody: the scheduler asks for work."""


@cache
def names(moment: Moment) -> tuple[str, ...]:
    """Return the names of the points that the moment is."""
    return tuple(name for name, matches in POINTS.items() if matches(moment))


def _is(work: str, at: str, *done: str) -> Callable[[Moment], bool]:
    needed = frozenset(done)
    return lambda moment: moment.work == work and moment.at == at and needed <= moment.done


# The moments that every run must have met, by the names of the page on crashes.
POINTS: dict[str, Callable[[Moment], bool]] = {
    "before the transaction": _is("Transactions._committing", "before"),
    "after data, before outbox": _is("Transactions._committing", "INSERT outbox", "INSERT items"),
    "before commit": _is("Transactions._committing", "commit", "INSERT outbox"),
    "after commit, before relay": _is("Transactions._committing", "after", "INSERT outbox"),
    "after send, before it leaves the outbox": _is(
        "Relay.move", "DELETE outbox", "INSERT messages"
    ),
    "after relay": _is("Relay.move", "after"),
    "after receive, before handler": _is("Deliveries._settling", "after", "LEASE messages"),
    "after the inbox mark, before the effect": _is(
        "Transactions._committing", "INSERT items", "INSERT inbox"
    ),
    "after handler, before commit": _is("Transactions._committing", "commit", "INSERT inbox"),
    "after commit, before acknowledgement": _is(
        "Transactions._committing", "after", "INSERT inbox"
    ),
    "during acknowledgement": _is("Deliveries._settling", "commit", "DELETE messages"),
    "during dead-lettering": _is("Deliveries._settling", "DELETE messages", "INSERT dead"),
    "during parking": _is("Deliveries._settling", "DELETE messages", "INSERT parked"),
    "during release of parked": _is("Parking._removal", "DELETE parked", "INSERT messages"),
    "during redrive": _is("QueueInspection._redriven", "DELETE dead", "INSERT messages"),
    "during replay": _is("History.replay", "commit"),
    "after the claim of an effect outside": _is("Effects.claim", "after"),
    "before an effect outside": _is("outside", "before"),
    "after an effect outside": _is("outside", "after"),
    "after the result of an effect outside": _is("Effects.finish", "after"),
    "after an effect outside is known": _is("outside", "known"),
    "during a schedule": _is("Schedules.fire", "INSERT schedules", "INSERT messages"),
    "during recovery": _is("Deliveries.release_all", "after"),
}
