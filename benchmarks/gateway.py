"""Oort's gateway and FastAPI side by side: both are started, filled with the same rows and loaded in turn.

The claims gateway-read and gateway-write differ only in what they send.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

from benchmarks import programs
from benchmarks.effort import Effort
from benchmarks.figures import Figure, ratio
from benchmarks.load import Order, Tally, fire
from benchmarks.processes import Server

ROWS = 200
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
    _written: int = 0

    def fill(self) -> None:
        """Write rows until all that will be read are there."""
        while self._written < ROWS:
            self._written = fire(
                self._order("/notes", ADD, connections=16, seconds=0.5, first=self._written)
            ).last

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
def both() -> Iterator[tuple[Server, Server, dict[str, str]]]:
    """Oort, FastAPI, and the headers of a caller whom Oort knows; FastAPI gets the same ones and does not look at them."""
    with (
        programs.scratch() as folder,
        programs.oort(programs.SUBJECT, folder, ready=programs.READY) as ours,
    ):
        headers = {"authorization": f"Bearer {programs.token(folder)}"}
        with programs.fastapi(folder) as theirs:
            yield ours, theirs, headers


def compared(claim: str, effort: Effort, *, write: bool) -> list[Figure]:
    """The figures with many connections and with a single one."""
    found: list[Figure] = []
    with both() as (ours, theirs, headers):
        filled = [Contender(server, headers) for server in (ours, theirs)]
        for one in filled:
            one.fill()
        for connections in (MANY, 1):
            oort, rival = (Contender(one.server, headers, _written=one._written) for one in filled)
            for _ in range(effort.rounds):
                for one in (oort, rival):
                    one.round(connections=connections, seconds=effort.seconds, write=write)
            filled = [oort, rival]
            found += _figures(f"{claim}.{connections}", connections, oort, rival)
    return found


def _figures(key: str, connections: int, ours: Contender, theirs: Contender) -> list[Figure]:
    who = f"{connections} connection{'s' * (connections > 1)}"
    spent = [one.cpu / one.requests for one in (*ours.tallies, *theirs.tallies)]
    return [
        Figure(
            f"{key}.rate", f"{who}: requests/s, to FastAPI's", ratio(ours.rates, theirs.rates), "x"
        ),
        Figure(
            f"{key}.cpu", f"{who}: CPU a request, to FastAPI's", ratio(ours.cpu, theirs.cpu), "x"
        ),
        *_absolute(key, "Oort", who, ours),
        *_absolute(key, "FastAPI", who, theirs),
        Figure(
            f"{key}.generator", f"{who}: CPU a request of the generator", median(spent) * 1e6, "µs"
        ),
    ]


def _absolute(key: str, name: str, who: str, contender: Contender) -> list[Figure]:
    slug, tallies = f"{key}.{name.lower()}", contender.tallies
    return [
        Figure(f"{slug}.rate", f"{who}: {name}", median(contender.rates), "req/s"),
        Figure(f"{slug}.cpu", f"{who}: {name}, CPU a request", median(contender.cpu) * 1e6, "µs"),
        Figure(
            f"{slug}.p50", f"{who}: {name}, p50", median(one.p50 for one in tallies) * 1e3, "ms"
        ),
        Figure(
            f"{slug}.p99", f"{who}: {name}, p99", median(one.p99 for one in tallies) * 1e3, "ms"
        ),
    ]
