"""The open-loop load generator: sends each request at a planned time, whatever the replies do.

`load.py` sends the next request when the last one is answered, so a slow server gets fewer requests, and the waits
that users would have had are not seen. Here the latency of a request counts from its planned time, also if no
connection was free then. The generator is a process of its own, `python -m benchmarks.open_loop`, with an `OpenOrder`
on stdin and an `OpenTally` on stdout. `OpenTally.late` says how well it kept its own schedule.
"""

import select
import socket
import subprocess
import sys
import time
from array import array
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from benchmarks.load import ROOT, LoadFailed, whole

ON_TIME = 0.005  # seconds: a generator that is later for 1 % of its requests measures itself
_STATUS = slice(9, 12)


class OpenOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What to send. `body` holds one `%d`, for a number that grows from `first` and starts again after `numbers` (0: never).

    At most `connections` are open at a time; a request that finds none free waits for one. `patience` is the
    time after the last planned request in which replies still count.
    """

    port: int
    path: str
    body: str
    rate: float
    headers: Mapping[str, str] = {}
    connections: int = 200
    seconds: float = 1.0
    patience: float = 5.0
    first: int = 0
    numbers: int = 0


class OpenTally(msgspec.Struct, frozen=True, kw_only=True):
    """What came back. Times are seconds. Percentiles are of the requests with a 2xx, and of those without a reply,
    which count with the time until the generator gave up.

    `began` is the planned time of the first request on the machine's monotonic clock. `late` is the 99th percentile
    of the delay with which the generator itself noticed that a request was due. `waited` is the number of requests
    that found no free connection.
    """

    planned: int
    answered: int
    failed: dict[str, int]  # by status; "none" for requests that were never answered
    began: float
    seconds: float
    cpu: float
    p50: float
    p99: float
    p999: float
    late: float
    waited: int
    last: int

    @property
    def share_failed(self) -> float:
        """The share of the planned requests that had no 2xx."""
        return sum(self.failed.values()) / self.planned

    @property
    def kept_schedule(self) -> bool:
        """Whether the generator kept its own schedule. If not, its figures are about itself."""
        return self.late <= ON_TIME


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed; 0 without values."""
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]


def start(order: OpenOrder) -> "subprocess.Popen[bytes]":
    """Start a generator for the order, and do not wait for it. `finish` returns what it found."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.open_loop"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(order))
    process.stdin.close()
    process.stdin = None
    return process


def finish(process: "subprocess.Popen[bytes]") -> OpenTally:
    """Wait for a generator. LoadFailed if it ended without a tally."""
    out, err = process.communicate()
    if process.returncode:
        raise LoadFailed(err.decode(errors="replace"))
    return msgspec.json.decode(out, type=OpenTally)


def fire(order: OpenOrder) -> OpenTally:
    """Run a generator for the order, and wait for it."""
    return finish(start(order))


@dataclass(slots=True, eq=False)
class _Client:
    """One connection and the planned time of the request that is under way on it."""

    socket: socket.socket
    planned: float = 0.0
    received: bytes = b""


@dataclass(slots=True)
class _Run:
    """One order while it is carried out."""

    order: OpenOrder
    poll: "select.epoll" = field(default_factory=select.epoll)
    idle: list[_Client] = field(default_factory=list[_Client])
    open: dict[int, _Client] = field(default_factory=dict[int, _Client])
    due: deque[tuple[float, int]] = field(default_factory=deque[tuple[float, int]])
    failed: dict[str, int] = field(default_factory=dict[str, int])
    times: "array[float]" = field(default_factory=lambda: array("d"))
    lateness: "array[float]" = field(default_factory=lambda: array("d"))
    under_way: int = 0
    waited: int = 0
    head: bytes = b""
    body: bytes = b""

    def __post_init__(self) -> None:
        lines = [
            f"POST {self.order.path} HTTP/1.1",
            "host: 127.0.0.1",
            "content-type: application/json",
            *(f"{name}: {value}" for name, value in self.order.headers.items()),
        ]
        self.head = ("\r\n".join(lines) + "\r\ncontent-length: ").encode()
        self.body = self.order.body.encode()

    def send_due(self) -> None:
        """Send what is due, as far as connections are free or may be opened."""
        while self.due:
            client = self.idle.pop() if self.idle else self.connect()
            if client is None:
                return
            client.planned, number = self.due.popleft()
            number += self.order.first
            body = self.body % (number % self.order.numbers if self.order.numbers else number)
            self.under_way += 1
            try:
                client.socket.sendall(b"%s%d\r\n\r\n%s" % (self.head, len(body), body))
            except OSError:
                self.end(client, "closed")

    def connect(self) -> _Client | None:
        """Open a further connection; None if there are enough."""
        if len(self.open) >= self.order.connections:
            return None
        opened = socket.create_connection(("127.0.0.1", self.order.port))
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = self.open[opened.fileno()] = _Client(opened)
        self.poll.register(opened, select.EPOLLIN)
        return client

    def receive(self, client: _Client, now: float) -> None:
        """Read what a connection has, and count the reply if it is whole."""
        try:
            data = client.socket.recv(65536)
        except OSError:
            data = b""
        if not data:
            self.end(client, "closed")
            return
        data = client.received + data
        if not whole(data):
            client.received = data
            return
        client.received = b""
        self.under_way -= 1
        if data[9:10] == b"2":
            self.times.append(now - client.planned)
        else:
            self.count(data[_STATUS].decode())
        if b"connection: close" in data[: data.find(b"\r\n\r\n")].lower():
            self.drop(client)
        else:
            self.idle.append(client)

    def end(self, client: _Client, why: str) -> None:
        """Close a connection. A request that was under way on it has failed."""
        if client in self.idle:
            self.idle.remove(client)
        else:
            self.under_way -= 1
            self.count(why)
        self.drop(client)

    def drop(self, client: _Client) -> None:
        """Forget a connection."""
        self.poll.unregister(client.socket)
        del self.open[client.socket.fileno()]
        client.socket.close()

    def count(self, why: str) -> None:
        """Count a failed request."""
        self.failed[why] = self.failed.get(why, 0) + 1


def carried_out(order: OpenOrder) -> OpenTally:
    """Send every request at its time, then wait for the last replies."""
    run, planned = _Run(order), max(1, round(order.rate * order.seconds))
    cpu, began = time.process_time(), time.perf_counter() + 0.01
    gives_up = began + (planned - 1) / order.rate + order.patience
    _drive(run, planned, began, gives_up)
    now = time.perf_counter()
    for client in run.open.values():
        if client not in run.idle:
            run.due.append((client.planned, 0))
        client.socket.close()
    if run.due:  # sent or not: nobody got a reply
        run.failed["none"] = len(run.due)
        run.times.extend(now - at for at, _ in run.due)
    times, lateness = sorted(run.times), sorted(run.lateness)
    return OpenTally(
        planned=planned,
        answered=len(times) - len(run.due),
        failed=run.failed,
        began=began,
        seconds=now - began,
        cpu=time.process_time() - cpu,
        p50=percentile(times, 0.5),
        p99=percentile(times, 0.99),
        p999=percentile(times, 0.999),
        late=percentile(lateness, 0.99),
        waited=run.waited,
        last=order.first + planned,
    )


def _drive(run: _Run, planned: int, began: float, gives_up: float) -> None:
    number, every = 0, 1 / run.order.rate
    while number < planned or run.due or run.under_way:
        now = time.perf_counter()
        if now >= gives_up:
            return
        before = number
        while number < planned and (at := began + number * every) <= now:
            run.lateness.append(now - at)
            run.due.append((at, number))
            number += 1
        run.send_due()
        run.waited += min(len(run.due), number - before)
        pause = (began + number * every if number < planned else gives_up) - time.perf_counter()
        if pause > 0:  # epoll itself rounds up to whole milliseconds
            select.select([run.poll], [], [], pause)
        for descriptor, _ in run.poll.poll(0):
            run.receive(run.open[descriptor], time.perf_counter())


if __name__ == "__main__":
    sys.stdout.buffer.write(
        msgspec.json.encode(
            carried_out(msgspec.json.decode(sys.stdin.buffer.read(), type=OpenOrder))
        )
    )
