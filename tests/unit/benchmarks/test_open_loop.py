"""The open-loop generator: latencies count from the planned times, and what is not answered is counted."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks import open_loop
from benchmarks.load import LoadFailed
from benchmarks.open_loop import OpenOrder, carried_out, percentile

HELD = 0.3


class Server(BaseHTTPRequestHandler):
    """Answers; holds the first reply for some time, refuses some requests, or never answers them."""

    protocol_version = "HTTP/1.1"
    bodies: list[str]
    hold = False
    refuse: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()
    stop: threading.Event

    def do_POST(self) -> None:
        name = json.loads(self.rfile.read(int(self.headers["content-length"])))["id"]
        if self.hold and not self.bodies:
            time.sleep(HELD)
        self.bodies.append(name)
        if name in self.silent:
            self.stop.wait(30)
            self.close_connection = True
            return
        status = 503 if name in self.refuse else 201
        self.wfile.write(f"HTTP/1.1 {status} X\r\ncontent-length: 2\r\n\r\nok".encode())

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the test says what matters."""


@contextmanager
def listening(**settings: object) -> Iterator[tuple[type[Server], int]]:
    stop = threading.Event()
    handler: type[Server] = type("Fresh", (Server,), {"bodies": [], "stop": stop, **settings})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield handler, server.server_address[1]
        finally:
            stop.set()
            server.shutdown()
            thread.join()


def order(
    port: int, *, connections: int = 20, patience: float = 5.0, numbers: int = 0
) -> OpenOrder:
    return OpenOrder(
        port=port, path="/", body='{"id":"n%d"}', rate=100, seconds=0.1, first=10, connections=connections,
        patience=patience, numbers=numbers,
    )  # fmt: skip


def test_as_many_requests_as_planned_are_sent_each_with_a_new_number() -> None:
    with listening() as (seen, port):
        tally = carried_out(order(port))
    assert sorted(seen.bodies) == [f"n{number}" for number in range(10, 20)]
    assert (tally.planned, tally.answered, tally.failed, tally.last) == (10, 10, {}, 20)
    assert 0 < tally.p50 <= tally.p99 <= tally.p999


def test_numbers_start_again_where_rows_are_read() -> None:
    with listening() as (seen, port):
        carried_out(order(port, numbers=3))
    assert set(seen.bodies) == {"n0", "n1", "n2"}


def test_a_request_that_waits_for_a_connection_counts_from_its_planned_time() -> None:
    # Nine of ten are sent after the reply that was held. From their sending, they take no time.
    with listening(hold=True) as (_, port):
        tally = carried_out(order(port, connections=1))
    assert tally.answered == 10
    assert tally.waited > 0
    assert tally.p50 >= HELD - 0.1


def test_a_refusal_is_counted_and_is_no_latency() -> None:
    with listening(refuse=frozenset({"n11", "n12"})) as (_, port):
        tally = carried_out(order(port))
    assert (tally.answered, tally.failed, tally.share_failed) == (8, {"503": 2}, 0.2)


def test_what_is_never_answered_has_failed_and_makes_the_tail_long() -> None:
    with listening(silent=frozenset({"n12"})) as (_, port):
        tally = carried_out(order(port, patience=0.2))
    assert (tally.answered, tally.failed) == (9, {"none": 1})
    assert tally.p999 >= 0.2


def test_it_runs_as_a_process() -> None:
    with listening() as (_, port):
        assert open_loop.fire(order(port)).answered == 10
    with pytest.raises(LoadFailed, match="refused"):
        open_loop.fire(order(port))


def test_a_percentile_is_a_value_that_was_seen() -> None:
    values = [float(number) for number in range(1, 101)]
    assert [percentile(values, share) for share in (0.5, 0.99, 0.999, 1.0)] == [50, 99, 100, 100]
    assert percentile([], 0.5) == 0.0
    assert percentile([7.0], 0.999) == 7.0
