"""The load generator against a small server in a thread: every connection is used, bodies differ, refusals are counted."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from msgspec.structs import replace

from benchmarks.load import LoadFailed, Order, carried_out, fire, whole


class Recorder(BaseHTTPRequestHandler):
    """Answers with the body; every `refuse_each`-th time with 503. Keeps connections open."""

    protocol_version = "HTTP/1.1"
    bodies: list[str]
    clients: set[tuple[str, int]]
    types: set[str]
    refuse_each: int
    closes: bool

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        assert self.headers["authorization"] == "Bearer t"
        type(self).bodies.append(json.loads(body)["id"])
        type(self).clients.add(self.client_address)
        refused = self.refuse_each and len(self.bodies) % self.refuse_each == 0
        type(self).types.add(",".join(self.headers.get_all("content-type", [])))
        status = 503 if refused else 201
        more = "Connection: close\r\nContent-Length" if self.closes else "content-length"
        reply = f"HTTP/1.1 {status} X\r\n{more}: {len(body)}\r\n\r\n".encode()
        self.close_connection = self.closes
        self.wfile.write(reply[:20])  # in two parts, as networks do
        self.wfile.flush()
        self.wfile.write(reply[20:] + body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the test says what matters."""


@contextmanager
def listening(
    *, refuse_each: int = 0, closes: bool = False
) -> Iterator[tuple[type[Recorder], int]]:
    fresh = {"bodies": [], "clients": set(), "types": set(), "refuse_each": refuse_each}
    handler = type("Fresh", (Recorder,), {**fresh, "closes": closes})
    socketserver.ThreadingMixIn.daemon_threads = True
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield handler, server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def order(port: int, *, numbers: int = 0, seconds: float = 0.05) -> Order:
    return Order(
        port=port, path="/notes", body='{"id":"n%d"}', headers={"authorization": "Bearer t"}, connections=4,
        seconds=seconds, first=10, numbers=numbers,
    )  # fmt: skip


def test_every_connection_is_busy_and_every_body_is_new() -> None:
    with listening() as (seen, port):
        tally = carried_out(order(port))
    assert tally.refused == {}
    assert tally.requests == len(seen.bodies) == len(set(seen.bodies))
    assert min(seen.bodies, key=lambda name: int(name[1:])) == "n10"
    assert tally.last == 10 + tally.requests
    assert len(seen.clients) == 4
    assert 0 < tally.p50 <= tally.p99


def test_numbers_start_again_where_rows_are_read() -> None:
    with listening() as (seen, port):
        carried_out(order(port, numbers=3))
    assert set(seen.bodies) == {"n0", "n1", "n2"}


def test_a_server_that_closes_gets_a_new_connection_for_each_request() -> None:
    with listening(closes=True) as (seen, port):
        tally = carried_out(order(port))
    assert tally.refused == {}
    assert tally.requests == len(seen.bodies) == len(seen.clients) > 4


def test_the_type_of_the_body_may_be_another() -> None:
    with listening() as (seen, port):
        carried_out(order(port))
        assert seen.types == {"application/json"}
        seen.types.clear()
        headers = {"authorization": "Bearer t", "content-type": "application/x-amz-json-1.0"}
        carried_out(replace(order(port), headers=headers))
        assert seen.types == {"application/x-amz-json-1.0"}


def test_it_runs_as_a_process_and_says_what_was_refused() -> None:
    with listening() as (_, port):
        assert fire(order(port)).requests > 0
    with listening(refuse_each=2) as (_, port), pytest.raises(LoadFailed, match=r"\{'503': \d+\}"):
        fire(order(port))


def test_a_reply_is_whole_when_its_last_byte_is_there() -> None:
    reply = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx: y\r\n\r\nhello"
    assert [whole(reply[:end]) for end in (10, len(reply) - 6, len(reply) - 1, len(reply))] == [
        False
    ] * 3 + [True]
    with pytest.raises(LoadFailed, match="without its length"):
        whole(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
