"""`oort serve`: what it answers, logs and refuses, and how it ends."""

import contextlib
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from oort.model import limits
from tests.unit.cli.served import PATIENCE, Served, asked, served
from tests.unit.cli.shops import run, shop

pytestmark = pytest.mark.slow  # every test starts a process

TALKING = """
import logging
from oort import Service
orders = Service("orders")
@orders.get("/talk", public=True)
def talk() -> None:
    for number in range(2_000):
        logging.getLogger("shop").info("%d %s", number, "x" * 1_000)
"""

PACKING = """
import logging, time
from oort import Event, Publish, Service, event
orders = Service("orders")
@event("orders.placed", version=1, key="id")
class Placed(Event):
    id: str
@orders.post("/", public=True)
def place(out: Publish[Placed]) -> None:
    out.publish(Placed(id="1"))
@orders.on(Placed)
def pack(event: Placed) -> None:
    logging.getLogger("shop").info("packing")
    time.sleep(1.5)
"""

LOADING = """
import logging, time
from oort import Can, Context, Queue, Send, Service, atomic
orders = Service("orders")
@orders.queue("vans")
class Vans(Queue[int, Can]): ...
@orders.post("/", public=True)
def place(vans: Vans[Send]) -> None:
    with atomic() as tx:
        for number in range(10):
            tx.send(vans, number)
@orders.worker(Vans, batch=10)
def load(number: int, context: Context) -> None:
    logging.getLogger("shop").info("loading %d, attempt %d", number, context.attempt)
    time.sleep(0.3)
"""


def test_it_answers_and_logs_in_json_and_makes_nothing_for_developers(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    with served(folder) as platform:
        assert platform.ask("POST", "/orders", {"email": "a@b.c"})[0] == 201
        assert platform.ask("GET", "/_oort/health")[0] == 200
        assert platform.ask("GET", "/_oort/ready")[::2] == (200, b'{"status":"ready"}')
        assert platform.ask("GET", "/_oort/explorer")[0] == 404
        assert platform.ask("GET", "/_oort/openapi.json")[0] == 404
        platform.terminate()
        assert platform.process.wait(PATIENCE) == 0
        lines = platform.log()
    assert not (folder / ".oort" / "support.curl").exists()
    assert "Listening on http://127.0.0.1:" in platform.first["message"]
    assert "running work has 32 s" in platform.first["message"]  # the longest time-out is 30 s
    messages = [line["message"] for line in lines]
    assert "POST /orders" in messages
    assert messages[-1] == "Stopped. Nothing is lost: the next start goes on from here."
    assert not any("health" in message or "ready" in message for message in messages)


def test_the_end_under_a_load_balancer(tmp_path: Path) -> None:
    with served(shop(tmp_path), "--notice", "1s") as platform:
        running, idle = Slow(platform, 3.0), platform.connected()
        assert asked(idle, "GET", "/orders/of/2026-01-31")[0] == 200
        platform.terminate()
        # First only readiness ends: a load balancer sends no more, and what it has sent is answered.
        status, headers, _ = asked(idle, "GET", "/_oort/ready")
        assert (status, headers["retry-after"]) == (503, "1")
        assert asked(idle, "GET", "/_oort/health")[0] == 200
        assert asked(idle, "GET", "/orders/of/2026-01-31")[0] == 200
        late = platform.connected()
        _until_closed(platform)
        status, headers, _ = asked(late, "GET", "/orders/of/2026-01-31")
        assert (status, headers["connection"], headers["retry-after"]) == (503, "close", "1")
        assert running.reply() == (200, b'"slept"')
        assert platform.process.wait(PATIENCE) == 0
        idle.close()
        late.close()


def test_a_delivery_that_runs_is_finished_and_no_other_begins(tmp_path: Path) -> None:
    with served(shop(tmp_path, PACKING)) as platform:
        assert platform.ask("POST", "/orders")[0] == 200
        assert platform.process.stdout is not None
        while "packing" not in platform.process.stdout.readline():
            pass
        platform.terminate()
        assert platform.process.wait(PATIENCE) == 0
        messages = [line["message"] for line in platform.log()]
        assert "delivered" in messages
        assert "packing" not in messages


def test_a_batch_stops_between_its_messages_and_the_others_keep_their_attempts(
    tmp_path: Path,
) -> None:
    folder = shop(tmp_path, LOADING)
    with served(folder) as platform:
        assert platform.ask("POST", "/orders")[0] == 200
        assert platform.process.stdout is not None
        while "loading 0, attempt 1" not in platform.process.stdout.readline():
            pass
        platform.terminate()
        assert platform.process.wait(PATIENCE) == 0
        assert not any("loading 9" in line["message"] for line in platform.log())
    with served(folder) as platform:
        assert platform.process.stdout is not None
        while "loading 9" not in (line := platform.process.stdout.readline()):
            assert "attempt 2" not in line
        assert "loading 9, attempt 1" in line


def test_work_that_does_not_end_in_the_drain_time_is_cut_off(tmp_path: Path) -> None:
    with served(shop(tmp_path), "--drain", "1s") as platform:
        Slow(platform, 20.0)
        began = time.monotonic()
        platform.terminate()
        assert platform.process.wait(PATIENCE) == 1
        assert time.monotonic() - began < 10
        assert platform.log()[-1]["message"].startswith("Stopped while a handler still ran.")


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with served(shop(tmp_path)) as platform:
        Slow(platform, 20.0)
        platform.terminate()
        _until_closed(platform)
        platform.process.send_signal(signal.SIGINT)
        assert platform.process.wait(5) == 1


def test_a_closed_terminal_ends_it_as_other_signals_do(tmp_path: Path) -> None:
    with served(shop(tmp_path)) as platform:
        running = Slow(platform, 1.0)
        platform.process.send_signal(signal.SIGHUP)
        _until_closed(platform)
        platform.process.send_signal(signal.SIGHUP)  # a shell and the kernel both send it
        assert running.reply() == (200, b'"slept"')
        assert platform.process.wait(PATIENCE) == 0


def test_it_ends_if_nobody_reads_its_log(tmp_path: Path) -> None:
    with served(shop(tmp_path, TALKING)) as platform:
        for _ in range(3):
            assert platform.ask("GET", "/orders/talk")[0] == 200  # more than a pipe holds
        platform.terminate()
        assert platform.process.wait(PATIENCE) == 0


def test_only_a_proxy_opens_it_to_other_machines_and_names(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    refused = run("serve", folder, "--port", "0", "--host", "0.0.0.0")
    assert refused.exit_code == 64
    assert "--behind-proxy" in refused.stderr
    assert run("serve", folder, "--host", "shop.example").exit_code == 64
    elsewhere = run("serve", folder, "--port", "0", "--host", "192.0.2.7", "--behind-proxy")
    assert elsewhere.exit_code == 64
    assert "This machine has no address 192.0.2.7." in elsewhere.stderr
    path, names = "/orders/of/2026-01-31", ({"host": "shop.example"}, {"host": "evil.example"})
    for words, statuses in (
        ([], [421, 421]),
        (["--name", "Shop.example"], [200, 421]),
        (["--behind-proxy"], [200, 200]),
    ):
        with served(folder, *words) as platform:
            assert [platform.ask("GET", path, **name)[0] for name in names] == statuses
            # Load balancers ask by address.
            assert platform.ask("GET", "/_oort/ready", host="10.0.0.7")[0] == 200


RATED = """
from oort import Service
orders = Service("orders")
@orders.get("/", public=True, rate=0.01, burst=1)
def look() -> None: ...
"""


def test_clients_behind_a_named_proxy_have_limits_of_their_own(tmp_path: Path) -> None:
    folder = shop(tmp_path, RATED)
    asked = ("203.0.113.1", "203.0.113.2", "forged, 203.0.113.2")
    for words, statuses in (
        ([], [200, 429, 429]),
        (["--proxy", "10.0.0.0/8"], [200, 429, 429]),  # this client is no proxy
        (["--proxy", "10.0.0.0/8", "--proxy", "127.0.0.1"], [200, 200, 429]),
    ):
        with served(folder, *words) as platform:
            answers = [
                platform.ask("GET", "/orders", **{"x-forwarded-for": chain})[0] for chain in asked
            ]
            assert answers == statuses
    for wrong in ("nginx", "10.0.0.1/8"):
        refused = run("serve", folder, "--port", "0", "--proxy", wrong)
        assert refused.exit_code == 64
        assert "a network such as 10.0.0.0/8" in refused.stderr


def test_it_speaks_tls_and_ends_in_order(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    with served(folder, "--tls-local") as platform:
        platform.trusted = folder / ".oort" / "tls-authority.pem"
        assert str(platform.trusted.name) in platform.before[0]
        assert "https://127.0.0.1:" in platform.first["message"]
        assert platform.ask("POST", "/orders", {"email": "a@b.c"})[0] == 201
        assert platform.ask("GET", "/_oort/ready")[0] == 200
        with socket.create_connection(("127.0.0.1", platform.port), timeout=PATIENCE) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
            assert b"HTTP" not in plain.recv(1000)  # an alert of TLS, or nothing
        running = Slow(platform, 1.0)
        platform.terminate()
        assert running.reply() == (200, b'"slept"')
        assert platform.process.wait(PATIENCE) == 0
        assert not [line for line in platform.log() if line["level"] == "ERROR"]
    certificate, key = (folder / ".oort" / name for name in ("tls.pem", "tls-key.pem"))
    with served(folder, "--tls", str(certificate), str(key), "--host", "0.0.0.0") as platform:
        platform.trusted = folder / ".oort" / "tls-authority.pem"
        assert platform.ask("GET", "/orders/of/2026-01-31", host="shop.example")[0] == 200
        platform.terminate()
        assert platform.process.wait(PATIENCE) == 0
    words = ("serve", folder, "--port", "0", "--tls")
    refused = run(*words, key, certificate)
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (1, 1)
    assert "do not fit" in refused.stderr
    assert run(*words, certificate, key, "--tls-local").exit_code == 64


def test_refused_connections_of_tls_are_told_why(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    with served(folder, "--tls-local") as platform, contextlib.ExitStack() as stack:
        platform.trusted = folder / ".oort" / "tls-authority.pem"
        for _ in range(limits.CONNECTIONS):
            stack.callback(platform.connected().close)
        status, _, body = platform.ask("GET", "/_oort/health")
        assert (status, body) in (
            (200, b'{"status":"alive"}'),
            (503, b"Too many connections are open."),
        )
        platform.terminate()
        platform.process.wait(PATIENCE)


class Slow:
    """A request that takes its time. It runs when this is made."""

    def __init__(self, platform: Served, seconds: float) -> None:
        self._replies: list[tuple[int, bytes]] = []
        self._connection = platform.connected()
        self._connection.request("GET", f"/orders/slow/{seconds}")
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        platform.ask("GET", "/orders/of/2026-01-31")  # the slow one was accepted before this one

    def reply(self) -> tuple[int, bytes]:
        """Wait for the reply."""
        self._thread.join(PATIENCE)
        return self._replies[0]

    def _read(self) -> None:
        try:
            reply = self._connection.getresponse()
            self._replies.append((reply.status, reply.read()))
        except OSError:
            pass
        finally:
            self._connection.close()


def _until_closed(platform: Served) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            platform.connected().close()
        except ConnectionRefusedError:
            return
        time.sleep(0.05)
    raise AssertionError("the listener stays open")
