"""Claim: a request to a handler that returns a constant, through `oort dev` and through ministack.

ministack has a route of an HTTP API with a Lambda function behind it, and its functions run in warm processes. Both get the
same requests from the same generator, and both write a log line. Oort also records a trace in its encrypted store.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks import programs
from benchmarks.effort import Effort
from benchmarks.figures import Figure, ratio
from benchmarks.load import Order, Tally, fire
from benchmarks.processes import Server

CONNECTIONS = (1, 4, 16)
_BODY = '{"number":%d}'


@dataclass(slots=True)
class Contender:
    """A server with the request that it gets; what came back, in rounds."""

    server: Server
    path: str
    body: str = _BODY
    headers: dict[str, str] = field(default_factory=dict)
    numbers: int = 0  # of rows that are read; 0: each body is new
    tallies: list[Tally] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    last: int = 0

    def round(self, *, connections: int, seconds: float) -> None:
        """Load it once."""
        before = self.server.cpu()
        order = Order(
            port=self.server.port, path=self.path, body=self.body, headers=self.headers,
            connections=connections, seconds=seconds, first=self.last, numbers=self.numbers,
        )  # fmt: skip
        tally = fire(order)
        self.last = tally.last
        self.tallies.append(tally)
        self.cpu.append((self.server.cpu() - before) / tally.requests)

    def begin(self) -> None:
        """Forget what was measured; bodies stay new."""
        self.tallies, self.cpu = [], []

    @property
    def rates(self) -> list[float]:
        """Requests a second, by round."""
        return [one.rate for one in self.tallies]


def measure(effort: Effort) -> list[Figure]:
    """Load both in turn."""
    found: list[Figure] = []
    with (
        programs.scratch() as folder,
        programs.oort(programs.QUEUE_SUBJECT, folder, ready=programs.QUEUE_READY) as ours,
        programs.emulator("ministack", folder, function=True) as emulator,
    ):
        oort = Contender(ours, "/jobs/constant")
        ministack = Contender(emulator.server, emulator.route)
        for connections in CONNECTIONS:
            alternate([oort, ministack], connections, effort)
            who = f"{connections} connection{'s' * (connections > 1)}"
            found += compared(f"api.{connections}", who, oort, {"ministack": ministack})
    return found


def alternate(contenders: Sequence[Contender], connections: int, effort: Effort) -> None:
    """Load all in turn, once before anything counts."""
    for one in contenders:
        one.round(connections=connections, seconds=effort.seconds / 4)
        one.begin()
    for _ in range(effort.rounds):
        for one in contenders:
            one.round(connections=connections, seconds=effort.seconds)


def compared(key: str, who: str, ours: Contender, rivals: dict[str, Contender]) -> list[Figure]:
    """The ratios, then what each has reached."""
    found: list[Figure] = []
    for name, rival in rivals.items():
        faster, more = ratio(ours.rates, rival.rates), ratio(ours.cpu, rival.cpu)
        found += [
            Figure(f"{key}.{name}-rate", f"{who}: requests/s, to {name}'s", faster, "x"),
            Figure(f"{key}.{name}-cpu", f"{who}: CPU a request, to {name}'s", more, "x"),
        ]
    for name, one in {"Oort": ours, **rivals}.items():
        slug, cpu = f"{key}.{name.lower()}", median(one.cpu) * 1e6
        middle, late = (
            median(getattr(tally, kind) for tally in one.tallies) * 1e3 for kind in ("p50", "p99")
        )
        found += [
            Figure(f"{slug}.rate", f"{who}: {name}", median(one.rates), "req/s"),
            Figure(f"{slug}.cpu", f"{who}: {name}, CPU a request", cpu, "µs"),
            Figure(f"{slug}.p50", f"{who}: {name}, p50", middle, "ms"),
            Figure(f"{slug}.p99", f"{who}: {name}, p99", late, "ms"),
        ]
    return found
