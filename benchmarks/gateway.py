"""Oort's gateway and two programs of FastAPI side by side: all are started, filled with the same rows and loaded in turn.

The claims gateway-read and gateway-write differ only in what they send.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks import programs
from benchmarks.effort import Effort
from benchmarks.figures import Figure, ratio
from benchmarks.load import Order, Tally, fire
from benchmarks.processes import Server

ROWS = 200
_SPANS_LATEST = 6.0  # seconds: the span processor of OpenTelemetry writes what it has every five
MANY = 64
FIND = '{"id":"n%d","shelf":"attic"}'
_TEXT = "lorem ipsum " * 20
ADD = f'{{"id":"n%d","shelf":"attic","text":"{_TEXT}","pinned":true,"stars":3}}'


@dataclass(slots=True)
class Contender:
    """One server under load. Rows it writes are always new, since SQLite does not sync an identical overwrite."""

    server: Server
    headers: dict[str, str]
    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)
    spans: Path | None = None  # where it writes them, if that is known
    requests: int = 0  # since it was started
    _written: int = 0

    def fill(self) -> None:
        """Write rows until all that will be read are there."""
        while self._written < ROWS:
            tally = fire(
                self._order("/notes", ADD, connections=16, seconds=0.5, first=self._written)
            )
            self._written = tally.last
            self.requests += tally.requests

    def begin(self) -> None:
        """Forget what was measured; rows that were written stay written."""
        self.rates, self.cpu, self.tallies = [], [], []

    def round(self, *, connections: int, seconds: float, write: bool) -> None:
        """Load it once, and remember requests a second and CPU a request."""
        before = self.server.cpu()
        if write:
            tally = fire(
                self._order(
                    "/notes", ADD, connections=connections, seconds=seconds, first=self._written
                )
            )
            self._written = tally.last
        else:
            order = self._order(
                "/notes/find", FIND, connections=connections, seconds=seconds, numbers=ROWS
            )
            tally = fire(order)
        self.rates.append(tally.rate)
        self.cpu.append((self.server.cpu() - before) / tally.requests)
        self.tallies.append(tally)
        self.requests += tally.requests

    def spans_written(self) -> int:
        """Wait until all spans are written, or no more come, and return their number."""
        if self.spans is None:
            return 0
        found = -1
        with closing(sqlite3.connect(self.spans)) as database:
            while True:
                (now,) = database.execute("SELECT count(*) FROM spans").fetchone()
                if now == found or now >= self.requests:
                    return int(now)
                found = now
                time.sleep(_SPANS_LATEST)

    def _order(
        self,
        path: str,
        body: str,
        *,
        connections: int,
        seconds: float,
        first: int = 0,
        numbers: int = 0,
    ) -> Order:
        return Order(
            port=self.server.port, path=path, body=body, headers=self.headers,
            connections=connections, seconds=seconds, first=first, numbers=numbers,
        )  # fmt: skip


@contextmanager
def contenders() -> Iterator[tuple[Contender, Contender, Contender]]:
    """Oort, FastAPI alone, and FastAPI with what Oort does beside the work, each with the headers of a caller it knows."""
    with programs.scratch() as folder:
        equal = {"authorization": f"Bearer {programs.caller_token(folder)}"}
        with (
            programs.oort(programs.SUBJECT, folder, ready=programs.READY) as ours,
            programs.fastapi(folder) as theirs,
            programs.fastapi_equal(folder) as theirs_equal,
        ):
            headers = {"authorization": f"Bearer {programs.token(folder)}"}
            found = (
                Contender(ours, headers),
                Contender(theirs, headers),  # which does not look at them
                Contender(theirs_equal, equal, spans=programs.spans(folder)),
            )
            for one in found:
                one.fill()
            yield found


def compared(claim: str, effort: Effort, *, write: bool) -> list[Figure]:
    """The figures with many connections and with a single one."""
    found: list[Figure] = []
    with contenders() as all_three:
        for connections in (MANY, 1):
            for one in all_three:
                one.begin()
            for _ in range(effort.rounds):
                for one in all_three:
                    one.round(connections=connections, seconds=effort.seconds, write=write)
            found += _figures(f"{claim}.{connections}", connections, *all_three)
        found.append(_spans(claim, all_three[2]))
    return found


def _spans(claim: str, equal: Contender) -> Figure:
    """How many of the requests have a span: the comparison is equal only if hardly one was dropped."""
    what = "FastAPI with the same beside: spans written, of the requests"
    return Figure(f"{claim}.equal-spans", what, equal.spans_written() / equal.requests, "")


def _figures(
    key: str, connections: int, ours: Contender, theirs: Contender, equal: Contender
) -> list[Figure]:
    who = f"{connections} connection{'s' * (connections > 1)}"
    spent = [one.cpu / one.requests for one in (*ours.tallies, *theirs.tallies, *equal.tallies)]
    return [
        *_ratios(f"{key}.", f"{who}: %s, to FastAPI's alone", ours, theirs),
        *_ratios(f"{key}.equal-", f"{who}: %s, to FastAPI's with the same beside", ours, equal),
        *_absolute(f"{key}.oort", f"{who}: Oort", ours),
        *_absolute(f"{key}.fastapi", f"{who}: FastAPI alone", theirs),
        *_absolute(f"{key}.equal", f"{who}: FastAPI with the same beside", equal),
        Figure(
            f"{key}.generator", f"{who}: CPU a request of the generator", median(spent) * 1e6, "µs"
        ),
    ]


def _ratios(prefix: str, what: str, ours: Contender, theirs: Contender) -> list[Figure]:
    return [
        Figure(f"{prefix}rate", what % "requests/s", ratio(ours.rates, theirs.rates), "x"),
        Figure(f"{prefix}cpu", what % "CPU a request", ratio(ours.cpu, theirs.cpu), "x"),
    ]


def _absolute(slug: str, who: str, contender: Contender) -> list[Figure]:
    tallies = contender.tallies
    return [
        Figure(f"{slug}.rate", who, median(contender.rates), "req/s"),
        Figure(f"{slug}.cpu", f"{who}, CPU a request", median(contender.cpu) * 1e6, "µs"),
        Figure(f"{slug}.p50", f"{who}, p50", median(one.p50 for one in tallies) * 1e3, "ms"),
        Figure(f"{slug}.p99", f"{who}, p99", median(one.p99 for one in tallies) * 1e3, "ms"),
    ]
