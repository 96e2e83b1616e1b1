"""`oort dev`: what it prints, answers, logs and refuses, and how it ends. In this process where possible, else in one of its own."""

import asyncio
import contextlib
import io
import json
import logging
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from oort.cli.commands import oort
from oort.cli.dev import one_at_a_time, serving
from oort.cli.wiring import listening, platforms
from oort.engine.state.folder import StateFolder
from oort.engine.state.store_keys import Keys
from oort.engine.state.unlocking import key_of
from oort.engine.store.store import unlocked
from oort.model.errors import AddressInUse
from tests.unit.cli.shops import run, shop

OORT = [sys.executable, "-c", "import oort.cli; oort.cli.main()"]
READY = "shows what happened"
pytestmark = pytest.mark.slow  # every test starts a process


class Output(io.StringIO):
    """Standard output that can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self._grown = threading.Condition()
        self.complete = False

    def write(self, text: str) -> int:
        with self._grown:
            length = super().write(text)
            self._grown.notify_all()
        return length

    def wait_for(self, text: str) -> str:
        """Everything so far, once it holds the text."""
        with self._grown:
            self._grown.wait_for(lambda: self.complete or text in self.getvalue(), timeout=20)
            assert text in self.getvalue(), self.getvalue()
            return self.getvalue()

    def end(self) -> None:
        """Nothing more will be written."""
        with self._grown:
            self.complete = True
            self._grown.notify_all()


def here(
    words: list[str | Path], meanwhile: Callable[[Output], None], *, ready: str = READY
) -> tuple[object, str]:
    """Run `oort` in this process; once it is ready do something and send SIGTERM. The exit code and all that was printed."""
    output, failures = Output(), list[BaseException]()

    def visit() -> None:
        try:
            output.wait_for(ready)
            meanwhile(output)
        except BaseException as error:
            failures.append(error)
        if not output.complete:  # or the signal would end the tests
            os.kill(os.getpid(), signal.SIGTERM)

    visitor = threading.Thread(target=visit)
    visitor.start()
    with contextlib.redirect_stdout(output), pytest.raises(SystemExit) as end:
        oort.main(
            [*(str(word) for word in words), "--no-reload"]
        )  # a process with threads is not to be forked
    output.end()
    visitor.join()
    if failures:
        raise failures[0]
    return end.value.code, output.getvalue()


def address(output: Output) -> str:
    """Where the platform listens."""
    return output.getvalue().split()[1]


def ask(url: str, body: object = None, *, token: str = "") -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers of the reply."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json"} | (
        {"authorization": f"Bearer {token}"} if token else {}
    )
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers)) as reply:
            return reply.status, reply.read(), dict(reply.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), dict(error.headers)


@pytest.mark.parametrize("inline", [False, True])
def test_it_answers_delivers_logs_and_stops(tmp_path: Path, inline: bool) -> None:
    folder = shop(tmp_path)

    def meanwhile(output: Output) -> None:
        url = address(output)
        assert ask(f"{url}/orders", {"email": "a@b.c", "note": "unsendable"})[0] == 201
        output.wait_for("dead letter")
        status, body, headers = ask(f"{url}/orders", {"email": "a@b.c", "note": "raise"})
        assert (status, json.loads(body)["title"]) == (500, "Something went wrong here.")
        assert "server" not in {name.lower() for name in headers}
        output.wait_for("ZeroDivisionError: the handler broke")
        logging.getLogger("shop").info("heard %d", 7)
        output.wait_for("INFO  shop  heard 7")

    words: list[str | Path] = ["dev", folder, "--port", "0", *(["--inline"] if inline else [])]
    code, printed = here(words, meanwhile)
    lines = printed.splitlines()
    assert code == 0
    assert lines[0].startswith("shop  http://127.0.0.1:")
    assert "  orders  9 functions" in lines
    assert any("POST" in line and "→ 201" in line and "orders.place" in line for line in lines)
    assert any("deliver orders.pack" in line and "→ ok" in line for line in lines)
    assert any("deliver orders.ship" in line and "→ dead letter" in line for line in lines)
    assert printed.count("ZeroDivisionError: the handler broke") == 1
    assert lines[-1] == "Stopped. Nothing is lost: the next start goes on from here."
    assert logging.getLogger().level == logging.WARNING


def test_of_a_log_in_json_every_line_can_be_read(tmp_path: Path) -> None:
    def meanwhile(output: Output) -> None:
        url = json.loads(output.getvalue().splitlines()[0])["message"].split()[-1]
        assert ask(f"{url}/orders", {"email": "a@b.c", "note": "unsendable"})[0] == 201
        logging.getLogger("shop").info("heard %d", 7)
        output.wait_for("dead letter")

    code, printed = here(
        ["dev", shop(tmp_path), "--port", "0", "--log", "json"], meanwhile, ready="Listening"
    )
    own = {"placing"}  # what a handler prints stays as it is
    lines = [json.loads(line) for line in printed.splitlines() if line not in own]
    assert code == 0
    assert {"Listening", "POST", "heard", "delivered"} <= {
        line["message"].split()[0] for line in lines
    }
    (placed,) = [line for line in lines if line.get("status") == 201]
    (dead,) = [line for line in lines if "dead letter" in line["message"]]
    assert dead["trace"] == placed["trace"]


def test_the_commands_it_suggests_work_as_they_stand(tmp_path: Path) -> None:
    replies: list[str] = []

    def meanwhile(output: Output) -> None:
        for line in output.getvalue().splitlines():
            if line.startswith("curl "):
                done = subprocess.run(shlex.split(line), capture_output=True, text=True, check=True)
                replies.append(done.stdout)

    code, _ = here(["dev", shop(tmp_path), "--port", "0"], meanwhile)
    placed, mine, everything, day = map(json.loads, replies)
    assert code == 0
    assert placed["email"].startswith("ada+")
    assert mine == "developer"
    assert everything == [placed]
    assert len(day) == 10


def test_a_state_that_runs_or_a_port_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    folder = shop(tmp_path)

    def meanwhile(output: Output) -> None:
        port = address(output).rpartition(":")[2]
        for more, says in (
            ([], "is in use by a running platform"),
            (["--state", str(tmp_path / "other")], f"Port {port} of 127.0.0.1 cannot be used"),
        ):
            words = [*OORT, "dev", str(folder), "--port", port, *more]
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            assert (done.returncode, done.stdout) == (1, "")
            assert says in done.stderr
            assert len(done.stderr.splitlines()) == 1
        assert run("queues", "list", folder).exit_code == 0  # looking needs no lock
        assert (
            run(
                "invoke", "orders.pack", "--event", "-", "-C", folder, input='{"order_id": "1"}'
            ).exit_code
            == 0
        )
        output.wait_for("deliver orders.ship")  # what another process sent is noticed

    assert here(["dev", folder, "--port", "0"], meanwhile)[0] == 0


def test_a_newer_state_is_one_sentence(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    run("invoke", "orders.forget", "--event", "-", "-C", folder, input='{"path": {"id": "1"}}')
    state = StateFolder(folder / ".oort")
    connection = unlocked(state.database, key_of(state, Keys(os.environ)))
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    result = run("dev", folder, "--port", "0", "--no-reload")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "has version 999" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("gone", ["oort.db", "oort.db-wal", "lock", ""])
def test_a_state_that_is_removed_ends_the_platform(tmp_path: Path, gone: str) -> None:
    folder = shop(tmp_path)
    replies: list[int] = []

    def meanwhile(output: Output) -> None:
        url, state = address(output), folder / ".oort"
        assert ask(f"{url}/orders", {"email": "a@b.c"})[0] == 201
        (state / gone).rename(tmp_path / "away")
        with contextlib.suppress(OSError):  # at some time it has ended
            while True:
                replies.append(ask(f"{url}/orders", {"email": "a@b.c"})[0])
        output.end()  # it ends without a signal

    code, _ = here(["dev", folder, "--port", "0"], meanwhile)
    assert code == 74
    assert 201 not in replies[replies.index(503) :] if 503 in replies else set(replies) <= {201}


def test_a_state_whose_database_is_gone_is_never_begun_anew(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    run("invoke", "orders.forget", "--event", "-", "-C", folder, input='{"path": {"id": "1"}}')
    state = StateFolder(folder / ".oort")
    state.database.unlink()
    for words in (
        ("dev", folder, "--port", "0", "--no-reload"),
        ("queues", "list", folder),
        ("invoke", "orders.forget", "--event", "-", "-C", folder),
    ):
        result = run(*words, input='{"path": {"id": "1"}}')
        assert result.exit_code == 74
        assert "is gone, and" in result.stderr
        assert len(result.stderr.splitlines()) == 1
        assert not state.database.exists()


def test_headers_without_an_end_are_cut_off(tmp_path: Path) -> None:
    received: list[bytes] = []

    def meanwhile(output: Output) -> None:
        port = int(address(output).rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as client, contextlib.suppress(OSError):
            client.sendall(b"GET /orders HTTP/1.1\r\nhost: localhost\r\nx: ")
            for _ in range(200):
                client.sendall(b"a" * 1024)
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(
                b"GET /orders/of/2026-01-31 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
            )
            while part := client.recv(1024):
                received.append(part)

    assert here(["dev", shop(tmp_path), "--port", "0"], meanwhile)[0] == 0
    assert b"".join(received).endswith(b'"2026-01-31"')


def test_a_request_that_runs_is_finished_before_the_end(tmp_path: Path) -> None:
    words = [*OORT, "dev", str(shop(tmp_path)), "--port", "0"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        url = process.stdout.readline().split()[1]
        while READY not in process.stdout.readline():
            pass
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as client:
            client.sendall(b"GET /orders/slow/0.5 HTTP/1.1\r\nhost: localhost\r\n\r\n")
            ask(f"{url}/orders/of/2026-01-31")  # the slow one was accepted before this one
            process.send_signal(signal.SIGINT)
            reply = b""
            while part := client.recv(4096):
                reply += part
        assert reply.endswith(b'"slept"')
        rest = process.stdout.read()
        assert process.wait() == 0
        assert rest.splitlines()[-1].startswith("Stopped.")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_handler_that_hangs_holds_up_the_end_for_a_bounded_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(output: Output) -> None:
        host, port = address(output).removeprefix("http://").split(":")
        client = socket.create_connection((host, int(port)))
        client.sendall(b"GET /orders/slow/4 HTTP/1.1\r\nhost: localhost\r\n\r\n")
        clients.append(client)
        ask(f"{address(output)}/orders/of/2026-01-31")  # the slow one was accepted before this one

    clients: list[socket.socket] = []
    monkeypatch.setattr(serving, "GRACE", timedelta(seconds=1))
    code, printed = here(["dev", shop(tmp_path), "--port", "0"], meanwhile)
    assert code == 1
    assert "Finishing what runs; Ctrl+C again stops at once." in printed
    assert printed.splitlines()[-1].startswith("Stopped while a handler still ran.")
    clients[0].close()


def test_a_platform_without_routes_has_nothing_to_try(tmp_path: Path) -> None:
    source = "from oort import Service\norders = Service('orders')\n"
    code, printed = here(["dev", shop(tmp_path, source), "--port", "0"], lambda _: None)
    assert code == 0
    assert "Try it" not in printed


# -- the parts


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with listening.bound(0) as first:
        port = first.getsockname()[1]
        with (
            pytest.raises(AddressInUse, match=f"Port {port} of 127.0.0.1 cannot be used"),
            listening.bound(port),
        ):
            pass


def test_the_second_signal_ends_the_process_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    monkeypatch.setattr(os, "_exit", calls.append)

    async def app(_scope: object, _receive: object, _send: object) -> None: ...

    server = serving.Server(app, ready=lambda: None, stopping=lambda: calls.append("stopping"))
    server.handle_exit(2, None)
    assert calls == ["stopping"]
    server.handle_exit(2, None)
    assert calls[1] == 1


def test_a_port_of_the_administrator_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refused(socket.socket):
        def bind(self, _address: object) -> None:
            raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket, "socket", Refused)
    with (
        pytest.raises(AddressInUse, match="Port 80 is reserved for the administrator"),
        listening.bound(80),
    ):
        pass


def test_work_that_does_not_end_in_time_is_left_behind() -> None:
    release = threading.Event()
    short, long = timedelta(milliseconds=10), timedelta(seconds=10)
    assert not asyncio.run(serving.finished(lambda: void(release.wait()), within=short))
    release.set()
    assert asyncio.run(serving.finished(lambda: None, within=long))


def test_work_that_does_not_end_in_time_may_be_cut() -> None:
    release = threading.Event()

    def cut() -> bool:
        release.set()
        return True

    short = timedelta(milliseconds=10)
    assert asyncio.run(serving.finished(lambda: void(release.wait()), within=short, cut=cut))


def test_what_stopping_raises_is_raised() -> None:
    def broken() -> None:
        raise TimeoutError("from the work")

    with pytest.raises(TimeoutError, match="from the work"):
        asyncio.run(serving.finished(broken, within=timedelta(seconds=10)))


def test_the_time_for_stopping_is_counted_from_the_first_signal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = SimpleNamespace(monotonic=lambda: 100.0)
    monkeypatch.setattr(serving, "time", now)
    deadline = serving.Deadline()
    deadline.start(timedelta(seconds=10))
    now.monotonic = lambda: 104.0
    deadline.start(timedelta(seconds=10))
    assert deadline.left() == timedelta(seconds=6)
    now.monotonic = lambda: 300.0
    assert deadline.left() == timedelta(seconds=1)


ASYNC = """
from oort import Service
orders = Service("orders")
@orders.get("/", public=True)
async def later() -> str:
    return "later"
@orders.get("/now", public=True)
def now() -> str:
    return "now"
"""


def test_handlers_take_turns_inline(tmp_path: Path) -> None:
    _, program = platforms.load(shop(tmp_path, ASYNC))
    functions = one_at_a_time.one_at_a_time(program).functions
    assert functions["orders.later"].call() == "later"
    assert functions["orders.now"].call() == "now"


def void(_: object) -> None:
    """Nothing, of anything."""
