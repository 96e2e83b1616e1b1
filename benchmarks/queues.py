"""Claim: messages from their sender to the effect of a handler, through `oort dev`, huey and DBOS, all with a sync for each commit.

A program of its own sends, with 8 threads that each wait until their message is durable: to Oort over HTTP, to the rivals by
their own client on the same file. The handler waits 0 or 10 ms and sends a datagram to the benchmark. The rivals have 8 threads
for handlers; Oort gives a queue a quarter of its 16, each of which takes up to ten messages. The rivals poll: their
intervals are shorter here than by default. An idle queue gets one message at a time.
"""

import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks import programs
from benchmarks.effort import Effort
from benchmarks.figures import Figure, ratio
from benchmarks.load import LoadFailed
from benchmarks.processes import ROOT, NotStarted, Server, running

SENDERS = 8
PAUSE = 0.13  # seconds between two messages on an idle queue: no multiple of an interval of a rival
PATIENCE = 120.0
_READY = -1  # the number that rivals send when they have started
_SETTLED = 0.2  # seconds after the last effect, in which its message is deleted
_HUEY = ["-m", "huey.bin.huey_consumer", "queue_huey.huey", "-w", "8", "-k", "thread", "-q"]


class Effects:
    """Receives the datagrams of the handlers: for each message when its sender began and when its handler ended."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._seen: dict[int, tuple[int, int]] = {}
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._receive, name="effects", daemon=True)
        self._thread.start()

    def begin(self) -> None:
        """Forget what came."""
        with self._changed:
            self._seen = {}

    def await_all(self, numbers: Sequence[int]) -> list[tuple[int, int]]:
        """Wait until each message had its effect; in nanoseconds. LoadFailed if one has none."""
        wanted = set(numbers)
        with self._changed:
            if not self._changed.wait_for(lambda: wanted <= self._seen.keys(), PATIENCE):
                missing = len(wanted - self._seen.keys())
                raise LoadFailed(f"{missing} of {len(wanted)} messages had no effect.")
            return [self._seen[number] for number in numbers]

    def close(self) -> None:
        """End the thread."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _receive(self) -> None:
        while data := self._socket.recv(200):
            number, at, ended = (int(word) for word in data.split())
            with self._changed:
                self._seen.setdefault(number, (at, ended))  # a message may be delivered again
                self._changed.notify_all()


@dataclass(slots=True)
class Contender:
    """A queue with its consumer, and what was measured: by the milliseconds of the handler, and of the idle queue."""

    to: str  # as produce.py names it
    server: Server
    effects: Effects
    environment: dict[str, str]
    rates: dict[int, list[float]] = field(default_factory=dict)
    cpu: dict[int, list[float]] = field(default_factory=dict)
    delays: list[float] = field(default_factory=list)

    def burst(self, messages: int, ms: int) -> None:
        """Let 8 threads send: messages a second from the first send to the last effect, CPU a message of all processes."""
        before = self.server.cpu()
        used, seen = self._carried(messages, ms, threads=SENDERS, pause=0)
        took = max(ended for _, ended in seen) - min(at for at, _ in seen)
        time.sleep(_SETTLED)
        self.rates.setdefault(ms, []).append(messages / took * 1e9)
        self.cpu.setdefault(ms, []).append((self.server.cpu() - before + used) / messages)

    def idle(self, messages: int) -> None:
        """Send one message at a time: seconds from the send to the effect."""
        _, seen = self._carried(messages, 0, threads=1, pause=PAUSE)
        self.delays += [(ended - at) / 1e9 for at, ended in seen]

    def _carried(
        self, messages: int, ms: int, *, threads: int, pause: float
    ) -> tuple[float, list[tuple[int, int]]]:
        self.effects.begin()
        words = [str(programs.RIVALS), str(programs.RIVAL_PROGRAMS / "produce.py"), self.to]
        words += [str(messages), str(ms), str(threads), str(pause)]
        done = subprocess.run(
            words, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        if (
            done.returncode or "Error" in done.stderr
        ):  # a thread that failed does not end the others
            raise LoadFailed(f"{self.to}: {done.stderr}")
        return float(done.stdout), self.effects.await_all(range(messages))


def measure(effort: Effort) -> list[Figure]:
    """Let the three carry messages in turn."""
    sizes = {0: int(250 * effort.seconds), 10: int(125 * effort.seconds)}
    with contenders() as (ours, huey, dbos):
        everyone = (ours, huey, dbos)
        for one in everyone:
            one.burst(SENDERS * 10, 0)
            one.rates.clear()
            one.cpu.clear()
        for _ in range(effort.rounds):
            for ms, messages in sizes.items():
                for one in everyone:
                    one.burst(messages, ms)
            for one in everyone:
                one.idle(int(10 * effort.seconds))
    return figures(ours, huey, dbos)


@contextmanager
def contenders() -> Iterator[tuple[Contender, Contender, Contender]]:
    """Oort, huey and DBOS."""
    with ExitStack() as stack:
        folder = stack.enter_context(programs.scratch())
        short = stack.enter_context(tempfile.TemporaryDirectory())  # a socket's path has 107 bytes
        effects = Effects(Path(short) / "effects")
        stack.callback(effects.close)
        told = {"BENCH_EFFECTS": str(effects.path)}
        server = stack.enter_context(
            programs.oort(
                programs.QUEUE_SUBJECT, folder, ready=programs.QUEUE_READY, environment=told
            )
        )
        found = [Contender(str(server.port), server, effects, _variables(told))]
        program = str(programs.RIVAL_PROGRAMS / "queue_dbos.py")
        for name, words in (("huey", [*_HUEY, "-m", "0.1"]), ("dbos", [program])):
            variables = _variables({**told, "BENCH_DATABASE": str(folder / f"{name}.db")})
            found.append(stack.enter_context(_rival(name, words, folder, effects, variables)))
        ours, huey, dbos = found
        yield ours, huey, dbos


@contextmanager
def _rival(
    name: str, words: list[str], folder: Path, effects: Effects, variables: dict[str, str]
) -> Iterator[Contender]:
    """A consumer of a rival, from when it says that it is ready."""
    effects.begin()
    log = folder / f"{name}.log"
    began = time.perf_counter()
    with running([str(programs.RIVALS), *words], log=log, environment=variables) as process:
        try:
            effects.await_all([_READY])
        except LoadFailed:
            raise NotStarted(f"{name}\n{log.read_text(errors='replace')}") from None
        server = Server(0, process.pid, time.perf_counter() - began)
        yield Contender(name, server, effects, variables)


def _variables(more: dict[str, str]) -> dict[str, str]:
    return {"PYTHONPATH": str(programs.RIVAL_PROGRAMS), **more}


def figures(ours: Contender, huey: Contender, dbos: Contender) -> list[Figure]:
    """The ratios, then what each has reached."""
    rivals = {"huey": huey, "DBOS": dbos}
    found: list[Figure] = []
    for ms in ours.rates:
        who = f"handler of {ms} ms"
        for name, rival in rivals.items():
            key = f"queues.{ms}.{name.lower()}"
            faster, more = (
                ratio(ours.rates[ms], rival.rates[ms]),
                ratio(ours.cpu[ms], rival.cpu[ms]),
            )
            found += [
                Figure(f"{key}-ratio", f"{who}: messages/s, to {name}'s", faster, "x"),
                Figure(f"{key}-cpu", f"{who}: CPU a message, to {name}'s", more, "x"),
            ]
        for name, one in {"Oort": ours, **rivals}.items():
            key, rate, cpu = f"queues.{ms}.{name.lower()}", median(one.rates[ms]), one.cpu[ms]
            found += [
                Figure(f"{key}.rate", f"{who}: {name}", rate, "messages/s"),
                Figure(f"{key}.cpu", f"{who}: {name}, CPU a message", median(cpu) * 1e6, "µs"),
            ]
    for name, one in {"Oort": ours, **rivals}.items():
        what = f"idle queue: {name}, from the send to the effect"
        delays = sorted(one.delays)
        late = delays[len(delays) * 9 // 10]
        found += [
            Figure(f"queues.idle.{name.lower()}.p50", f"{what}, p50", median(delays) * 1e3, "ms"),
            Figure(f"queues.idle.{name.lower()}.p90", f"{what}, p90", late * 1e3, "ms"),
        ]
    return found
