"""The load generator: keeps a number of HTTP connections busy for some time, each with one request at a time.

It runs as a process of its own, `python -m benchmarks.load`, with an `Order` on stdin and a `Tally`
on stdout, so that it shares no interpreter with a server. It is one loop over raw sockets, because
a generator must cost less than what it measures; `Tally.cpu` says what it did cost.
"""

import re
import select
import socket
import subprocess
import sys
import time
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parent.parent
_SMALLEST = 20  # bytes that a status line has at least
_CLOSED = re.compile(rb"\r\nconnection: close", re.IGNORECASE)


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to send. `body` holds one `%d`, for a number that grows from `first` and starts again after `numbers` (0: never)."""

    port: int
    path: str
    body: str
    headers: Mapping[str, str] = {}
    connections: int = 1
    seconds: float = 1.0
    first: int = 0
    numbers: int = 0


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What came back. Times are seconds; `cpu` is that of the generator itself."""

    requests: int
    seconds: float
    cpu: float
    p50: float
    p99: float
    refused: dict[str, int]  # by status; "none" for requests that were never answered
    last: int

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


class LoadFailed(Exception):
    """The generator ended without a tally, or a server refused what it must accept."""


def fire(order: Order) -> Tally:
    """Run a generator for the order. LoadFailed unless every request was answered with 2xx."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        input=msgspec.json.encode(order),
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    if done.returncode:
        raise LoadFailed(done.stderr.decode(errors="replace"))
    tally = msgspec.json.decode(done.stdout, type=Tally)
    if tally.refused or not tally.requests:
        raise LoadFailed(
            f"{tally.requests} requests to {order.path}, and some were refused: {tally.refused}."
        )
    return tally


@dataclass(slots=True)
class _Client:
    """One connection and the request that is under way on it."""

    socket: socket.socket
    started: float = 0.0
    received: bytes = b""


@dataclass(slots=True)
class _Run:
    """One order while it is carried out."""

    order: Order
    number: int
    refused: dict[str, int] = field(default_factory=dict[str, int])
    times: "array[float]" = field(default_factory=lambda: array("d"))

    def request(self) -> bytes:
        """The next request."""
        number = self.number
        self.number += 1
        body = self._body % (number % self.order.numbers if self.order.numbers else number)
        return b"%s%d\r\n\r\n%s" % (self._head, len(body), body)

    _head: bytes = b""
    _body: bytes = b""

    def __post_init__(self) -> None:
        lines = [f"POST {self.order.path} HTTP/1.1", "host: 127.0.0.1"]
        if "content-type" not in self.order.headers:
            lines.append("content-type: application/json")
        lines += [f"{name}: {value}" for name, value in self.order.headers.items()]
        self._head = ("\r\n".join(lines) + "\r\ncontent-length: ").encode()
        self._body = self.order.body.encode()


def carried_out(order: Order) -> Tally:
    """Send requests until the time is over, then wait for the last replies."""
    run = _Run(order, order.first)
    poll = select.poll()
    clients: dict[int, _Client] = {}
    for _ in range(order.connections):
        opened = _connected(order.port)
        clients[opened.fileno()] = _Client(opened)
        poll.register(opened, select.POLLIN)
    cpu, began = time.process_time(), time.perf_counter()
    unanswered = _drive(run, clients, poll, until=began + order.seconds)
    seconds, used = time.perf_counter() - began, time.process_time() - cpu
    for client in clients.values():
        client.socket.close()
    times = sorted(run.times)
    return Tally(
        requests=len(times),
        seconds=seconds,
        cpu=used,
        p50=times[len(times) // 2] if times else 0.0,
        p99=times[len(times) * 99 // 100] if times else 0.0,
        refused=run.refused | ({"none": unanswered} if unanswered else {}),
        last=run.number,
    )


def _drive(run: _Run, clients: dict[int, _Client], poll: "select.poll", *, until: float) -> int:
    """Keep every connection busy; how many were never answered."""
    busy = 0
    for client in clients.values():
        client.started = time.perf_counter()
        client.socket.sendall(run.request())
        busy += 1
    while busy:
        ready = poll.poll(10_000)
        if not ready:
            return busy
        for descriptor, _ in ready:
            client = clients[descriptor]
            data = client.socket.recv(65536)
            if not data:
                return busy
            data = client.received + data if client.received else data
            if not whole(data):
                client.received = data
                continue
            now = time.perf_counter()
            client.received = b""
            run.times.append(now - client.started)
            if data[9:10] != b"2":
                status = data[9:12].decode()
                run.refused[status] = run.refused.get(status, 0) + 1
            if now >= until:
                busy -= 1
                poll.unregister(client.socket)  # the server may close it now
                continue
            client.started = now
            if _CLOSED.search(data, 0, data.find(b"\r\n\r\n")):
                _reconnect(client, clients, poll, run.order.port)
            client.socket.send(run.request())
    return 0


def _connected(port: int) -> socket.socket:
    opened = socket.create_connection(("127.0.0.1", port))
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return opened


def _reconnect(
    client: _Client, clients: dict[int, _Client], poll: "select.poll", port: int
) -> None:
    """Take a new connection, because the server keeps none. Its time is part of the request's."""
    poll.unregister(client.socket)
    del clients[client.socket.fileno()]
    client.socket.close()
    client.socket = _connected(port)
    clients[client.socket.fileno()] = client
    poll.register(client.socket, select.POLLIN)


def whole(data: bytes) -> bool:
    """Whether the bytes are a complete reply that says its length."""
    end = data.find(b"\r\n\r\n")
    if end < _SMALLEST:
        return False
    place = data.find(b"content-length: ", 0, end)
    if place < 0:
        place = data.find(b"Content-Length: ", 0, end)
    if place < 0:
        raise LoadFailed("A reply without its length.")
    return len(data) >= end + 4 + int(data[place + 16 : data.find(b"\r", place)])


if __name__ == "__main__":
    sys.stdout.buffer.write(
        msgspec.json.encode(carried_out(msgspec.json.decode(sys.stdin.buffer.read(), type=Order)))
    )
