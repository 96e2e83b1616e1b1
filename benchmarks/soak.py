"""`make soak MINUTES=10`: full mixed load on `oort serve`; memory, descriptors and the log of writes stay within bounds.

Reads and writes come from a closed loop, which takes all that is left of the processors. Events and jobs
come at a fixed rate below what their consumers can do, else their queues would grow by design.

Expected growth, which is shown and not judged:
- the database: an inbox mark for each delivered message, for 15 days; traces and events up to their numbers;
- the log of the platform, a file of the soak.

Exit 1 if a bound is exceeded, or a request was refused.
"""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import apsw

from benchmarks import load, mixed_platform, open_loop, programs
from benchmarks.load import LoadFailed, Order
from benchmarks.open_loop import OpenOrder
from benchmarks.processes import NotStarted, Server, descriptors, private, proportional, tree
from oort.engine.engine import CONSUMER_THREADS
from oort.engine.state.folder import StateFolder
from oort.engine.state.store_keys import Keys
from oort.engine.state.unlocking import key_of
from oort.engine.store.store import connect

MINUTES = 10.0
CONNECTIONS = {"/mixed/find": 6, "/mixed/page": 2, "/mixed/write": 4}
RATES = {"/mixed/publish": 40.0, "/mixed/send": 40.0}

# The serving process: the caches of the store fill with the load, that of the writer and one of each reader.
LARGEST_GROWTH, LARGEST_SPARE = 1.10, 16_000_000
# The mean of the other processes, nearly all of them workers: memory and descriptors of each.
EACH_GROWTH = 1.25
# A worker runs one invocation at a time, so there are no more of them than requests and deliveries at the same
# time: the connections of the generators, and 16 threads of consumers. Their number follows the load of the
# machine, so the memory of all together is not compared.
OPEN_CONNECTIONS = 32
MOST_PROCESSES = (
    sum(CONNECTIONS.values()) + OPEN_CONNECTIONS * len(RATES) + CONSUMER_THREADS + 4
)  # the serving process and the parents of workers, and a worker that is new while another goes
# SQLite empties the log at 16 MB and cuts it to 64 MB: a longer one means that a reader keeps it from that.
LOG_BYTES = 64 << 20

_CHUNK = 10.0  # seconds of one run of a generator
_SAMPLES = 120


@dataclass(frozen=True, slots=True)
class Sample:
    """What the processes and the files of the platform took at a moment."""

    at: float  # seconds since the start of the load
    memory: int
    largest: int  # the private memory of the largest process: the one that serves
    others: int  # the memory of the others
    descriptors: int
    processes: int
    log: int
    database: int
    waiting: int
    inbox: int
    requests: int

    @property
    def each(self) -> float:
        """Megabytes of each process but the largest."""
        return self.others / max(1, self.processes - 1) / 1e6


@dataclass(slots=True)
class Work:
    """The load while it runs: answered requests, and what was refused."""

    until: float
    requests: int = 0
    faults: list[str] = field(default_factory=list[str])
    lock: threading.Lock = field(default_factory=threading.Lock)

    def repeat(self, fire: Callable[[float, int], tuple[int, int, str]]) -> None:
        """Run a generator again and again until the end. It gets its length in seconds, and its first number."""
        first = 0
        while (left := self.until - time.perf_counter()) > 0:
            try:
                answered, first, fault = fire(min(_CHUNK, left), first)
            except LoadFailed as error:
                answered, fault = 0, str(error)
            with self.lock:
                self.requests += answered
                if fault:
                    self.faults.append(fault)
            if fault:
                time.sleep(1)


def faults(samples: Sequence[Sample]) -> list[str]:
    """What has grown beyond its bound: the second tenth of the time against the last one."""
    end = samples[-1].at
    early = [one for one in samples if 0.1 * end <= one.at <= 0.2 * end]
    late = [one for one in samples if one.at >= 0.9 * end]
    if not early:
        return ["There are too few samples to judge."]
    found: list[str] = []

    def judge(what: str, value: Callable[[Sample], float], growth: float, spare: float) -> None:
        before, after = (median(value(one) for one in part) for part in (early, late))
        if after > growth * before + spare:
            found.append(f"{what} grew from {before:,.1f} to {after:,.1f}.")

    spare = LARGEST_SPARE / 1e6
    judge("MB of the serving process", lambda one: one.largest / 1e6, LARGEST_GROWTH, spare)
    judge("MB of each other process", lambda one: one.each, EACH_GROWTH, 0)
    judge(
        "Descriptors of each process", lambda one: one.descriptors / one.processes, EACH_GROWTH, 0
    )
    if (log := max(one.log for one in samples)) > LOG_BYTES:
        found.append(f"The log of writes had {log / 1e6:.0f} MB.")
    if (most := max(one.processes for one in samples)) > MOST_PROCESSES:
        found.append(f"There were {most} processes, and {MOST_PROCESSES} can be used at a time.")
    return found


def table(samples: Sequence[Sample]) -> str:
    """The samples, one a line."""
    lines = [
        "      s  memory MB  largest MB  each MB  descriptors  processes  log MB  database MB  waiting    inbox   requests"
    ]
    lines += [
        f"{one.at:7.0f}  {one.memory / 1e6:9.1f}  {one.largest / 1e6:10.1f}  {one.each:7.1f}  {one.descriptors:11}  {one.processes:9}"
        f"  {one.log / 1e6:6.1f}  {one.database / 1e6:11.1f}  {one.waiting:7}  {one.inbox:7}  {one.requests:9,}"
        for one in samples
    ]
    return "\n".join(lines)


def run(seconds: float, *, say: Callable[[str], None]) -> tuple[list[Sample], Work]:
    """Load the platform for some time; the samples, and what was answered and refused."""
    with programs.scratch() as folder, _served(folder) as server, _inside(folder) as counted:
        began = time.perf_counter()
        work = Work(until=began + seconds)
        threads = [
            threading.Thread(target=work.repeat, args=(fire,)) for fire in _generators(server)
        ]
        for one in threads:
            one.start()
        samples: list[Sample] = []
        pause = max(0.25, seconds / _SAMPLES)
        while time.perf_counter() < work.until:
            time.sleep(min(pause, max(0.0, work.until - time.perf_counter())))
            samples.append(_sample(server, folder, counted, work, at=time.perf_counter() - began))
            if len(samples) % 12 == 0:
                say(table(samples[-12:]).splitlines()[-1])
        for one in threads:
            one.join()
        return samples, work


def _sample(
    server: Server, folder: Path, counted: Callable[[str], int], work: Work, *, at: float
) -> Sample:
    database = folder / "state" / "oort.db"
    processes = tree(server.process)
    memory = [proportional(one) for one in processes]
    return Sample(
        at=at,
        memory=sum(memory),
        largest=max(private(one) for one in processes),
        others=sum(memory) - max(memory),
        descriptors=sum(descriptors(one) for one in processes),
        processes=len(processes),
        log=_size(database.with_name("oort.db-wal")),
        database=_size(database),
        waiting=counted("messages"),
        inbox=counted("inbox"),
        requests=work.requests,
    )


def _generators(server: Server) -> Iterator[Callable[[float, int], tuple[int, int, str]]]:
    def closed(path: str, connections: int) -> Callable[[float, int], tuple[int, int, str]]:
        def fire(seconds: float, first: int) -> tuple[int, int, str]:
            order = Order(
                port=server.port, path=path, body=mixed_platform.BODY, connections=connections,
                seconds=seconds, first=first,
            )  # fmt: skip
            tally = load.fire(order)
            return tally.requests, tally.last, ""

        return fire

    def opened(path: str, rate: float) -> Callable[[float, int], tuple[int, int, str]]:
        def fire(seconds: float, first: int) -> tuple[int, int, str]:
            order = OpenOrder(
                port=server.port, path=path, body=mixed_platform.BODY, rate=rate, seconds=seconds,
                first=first, connections=OPEN_CONNECTIONS, patience=30.0,
            )  # fmt: skip
            tally = open_loop.fire(order)
            fault = f"Requests to {path} failed: {tally.failed}." if tally.failed else ""
            return tally.answered, tally.last, fault

        return fire

    for path, connections in CONNECTIONS.items():
        yield closed(path, connections)
    for path, rate in RATES.items():
        yield opened(path, rate)


@contextmanager
def _served(folder: Path) -> Iterator[Server]:
    mixed_platform.write(folder / "app")
    with programs.served(folder / "app", folder, ready=mixed_platform.READY) as server:
        yield server


@contextmanager
def _inside(folder: Path) -> Iterator[Callable[[str], int]]:
    """Count the rows of a table, beside the running platform."""
    state = StateFolder(folder / "state")
    key = key_of(state, Keys({"XDG_CONFIG_HOME": str(folder / "config")}))
    connection: apsw.Connection = connect(state.database, key=key)

    def counted(name: str) -> int:
        rows = connection.execute(f"SELECT count(*) FROM {name}").fetchall()  # noqa: S608  a constant
        return int(str(rows[0][0]))

    try:
        yield counted
    finally:
        connection.close()


def _size(file: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return file.stat().st_size
    return 0


def main(words: Sequence[str]) -> int:
    """Run it for so many minutes."""
    seconds = 60 * float(words[0] if words else MINUTES)
    try:
        samples, work = run(seconds, say=lambda text: print(text, flush=True))
    except NotStarted as error:
        print(f"soak: {error}", file=sys.stderr)
        return 1
    print(table(samples))
    print(f"{work.requests:,} requests in {samples[-1].at:.0f} s.")
    if not work.requests:
        work.faults.append("No request was answered.")
    found = [*faults(samples), *dict.fromkeys(work.faults)]
    print(
        "\n".join(found)
        if found
        else "Memory, descriptors and the log of writes are within their bounds."
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
