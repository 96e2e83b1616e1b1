"""P29, in part: a handler reads a secret that an operator set, and the value is in nothing that the platform writes."""

import http.client
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from oort import BadRequest, Can, Queue, Read, Secret, Send, Service
from oort.aws.invoking.logs import JsonLog
from oort.model.errors import Unreadable
from oort.model.secrets import SecretMissing
from oort.testing import Platform, fake
from tests.crash.processes import Process, free_port
from tests.unit.cli.shops import run, shop

CANARY = "canary-91f-æ"
INNER = "inner-canary-44"

billing = Service("billing")


class Account(msgspec.Struct):
    user: str
    password: str


class Job(msgspec.Struct):
    name: str


class Stripe:
    def __init__(self, key: str) -> None:
        self.key = key


@billing.secret("stripe-key")
class StripeKey(Secret[str, Can]): ...


@billing.secret("smtp-account")
class SmtpAccount(Secret[Account, Can]): ...


@billing.queue("jobs", attempts=1)
class Jobs(Queue[Job, Can]): ...


@billing.provide
def stripe(key: StripeKey[Read]) -> Stripe:
    return Stripe(key.value())


@billing.get("/length", public=True)
def length(stripe: Stripe) -> int:
    return len(stripe.key)


@billing.get("/raises", public=True)
def raises(key: StripeKey[Read]) -> None:
    raise ValueError(f"bad key {key.value()}")


@billing.get("/problem", public=True)
def problem(key: StripeKey[Read]) -> None:
    raise BadRequest(f"bad key {key.value()}", tried=[key.value()])


@billing.get("/logs", public=True)
def logs(key: StripeKey[Read], account: SmtpAccount[Read]) -> None:
    logging.getLogger("billing").warning("key %s of %r", key.value(), account.value())


@billing.post("/jobs", status=202, public=True)
def enqueue(body: Job, jobs: Jobs[Send]) -> None:
    jobs.send(body)


@billing.worker(Jobs)
def work(job: Job, account: SmtpAccount[Read]) -> None:
    raise ValueError(f"{job.name}: cannot sign in with {account.value().password}")


@pytest.fixture
def platform() -> Iterator[Platform]:
    with Platform(billing) as platform:
        platform.set_secret(StripeKey, CANARY)
        platform.set_secret(SmtpAccount, Account("ada", INNER))
        yield platform


def test_a_handler_gets_the_value_through_a_provider(platform: Platform) -> None:
    assert platform.get("/billing/length").json() == len(CANARY)


def test_a_value_that_is_an_object_has_its_type() -> None:
    account = fake(SmtpAccount[Read], Account("ada", INNER))
    assert account.value() == Account("ada", INNER)
    assert fake(StripeKey[Read], CANARY).value() == CANARY


def test_a_new_value_is_seen(platform: Platform) -> None:
    key = Service("keys")

    @key.secret("key")
    class Key(Secret[str, Can]): ...

    @key.get("/", public=True)
    def show(key: Key[Read]) -> int:
        return len(key.value())

    with Platform(key) as other:
        other.set_secret(Key, "1234567")
        assert other.get("/keys").json() == 7
        other.set_secret(Key, "12345678")
        assert other.get("/keys").json() == 8


def test_without_a_value_the_error_names_the_command() -> None:
    with Platform(billing) as platform:
        reply = platform.get("/billing/raises")
        assert reply.status == 500
        with pytest.raises(SecretMissing, match=r"oort secrets set billing\.stripe-key"):
            platform._engine.ports.secrets.read("billing.stripe-key")


def test_a_value_that_does_not_fit_is_not_shown(platform: Platform) -> None:
    declared = SmtpAccount.__oort__
    with pytest.raises(Unreadable) as raised:
        declared.decode(json.dumps({"user": CANARY, "password": 3}))
    assert str(raised.value) == (
        "The value of the secret billing.smtp-account does not fit Account. "
        "Set a JSON value of this type: oort secrets set billing.smtp-account"
    )
    assert raised.value.__context__ is None


def test_an_error_a_problem_and_a_trace_do_not_show_it(platform: Platform) -> None:
    failed, refused = platform.get("/billing/raises"), platform.get("/billing/problem")
    assert (failed.status, refused.status) == (500, 400)
    document = msgspec.json.decode(refused.body)
    assert (document["detail"], document["tried"]) == ("bad key ***", ["***"])
    for reply in (failed, refused):
        spans = platform.spans(reply.trace)
        assert "read billing.stripe-key" in [span.name for span in spans]
        assert CANARY not in repr((reply.body, spans, reply.json()))


def test_a_dead_letter_does_not_show_a_part_of_it(platform: Platform) -> None:
    assert platform.post("/billing/jobs", {"name": "send"}).status == 202
    platform.settle()
    (letter,) = platform.dead_letters(Jobs)
    assert letter.error.startswith("ValueError: send: cannot sign in with ***\n")
    assert INNER not in letter.error
    assert INNER not in repr(platform.failures())
    assert "cannot sign in with ***" in platform.failures()[0].failure.traceback  # type: ignore[union-attr]


def test_the_log_of_a_function_does_not_show_it(
    platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    assert platform.get("/billing/raises").status == 500  # it has been read
    assert platform.post("/billing/jobs", {"name": "send"}).status == 202
    platform.settle()
    from oort.runtime.system import SystemClock

    log = JsonLog({"function": "billing.raises"}, clock=SystemClock())
    log.write("INFO", f"key {CANARY}", note=f"<{CANARY}>")
    log.record(_record("key %s", CANARY))
    log.record(_record("account %r", Account("ada", INNER)))
    log.record(_record("escaped %s", json.dumps(CANARY)))
    written = capsys.readouterr().out
    assert written.count("***") == 5
    assert CANARY not in written
    assert INNER not in written


def _record(message: str, *values: object) -> logging.LogRecord:
    return logging.LogRecord("billing", logging.WARNING, __file__, 1, message, values, None)


_SERVICE = """
import logging

from oort import BadRequest, Can, Queue, Read, Secret, Send, Service

orders = Service("orders")


@orders.secret("key")
class Key(Secret[str, Can]): ...


@orders.queue("jobs", attempts=1)
class Jobs(Queue[str, Can]): ...


@orders.get("/raises", public=True)
def raises(key: Key[Read]) -> None:
    logging.getLogger("orders").warning("key %s", key.value())
    raise ValueError(f"bad key {key.value()}")


@orders.get("/problem", public=True)
def problem(key: Key[Read]) -> None:
    raise BadRequest(f"bad key {key.value()}", tried=key.value())


@orders.post("/jobs", status=202, public=True)
def enqueue(jobs: Jobs[Send]) -> None:
    jobs.send("job")


@orders.worker(Jobs)
def work(job: str, key: Key[Read]) -> None:
    raise ValueError(f"bad key {key.value()}")
"""


@pytest.mark.serial
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_running_platform_shows_it_nowhere(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = shop(tmp_path, _SERVICE)
    state = tmp_path / "state"
    oort = ["-c", "from oort.cli import main; main()"]
    dev = [*oort, "dev", str(folder), "--no-reload", "--log", form]
    with Process(dev, port=free_port(), state=state) as process:
        before = _get(process.port, "/orders/raises")
        assert before[0] == 500
        _set(folder, state)
        replies = [_get(process.port, f"/orders/{path}") for path in ("raises", "problem")]
        assert [status for status, _ in replies] == [500, 400]
        assert CANARY.encode() not in b"".join(body for _, body in replies)
        assert _post(process.port, "/orders/jobs") == 202
        process.wait_for_log("orders.work")
        traces = run("traces", folder, "--state", state, "--json").stdout
        dead = run("queues", "peek", "orders.jobs", "-C", folder, "--state", state).stdout
        assert CANARY not in traces + dead
        assert process.stop() == 0
    log = Path(process.log).read_text(encoding="utf-8")
    assert "orders.key has no value: oort secrets set orders.key -C" in log
    assert "bad key ***" in log
    assert CANARY not in log
    assert "canary-91f" not in log
    run("synth", folder, "--out", tmp_path / "out")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in files if CANARY.encode() in path.read_bytes()] == []


def _set(folder: Path, state: Path) -> None:
    words = ["secrets", "set", "orders.key", "-", "-C", str(folder), "--state", str(state)]
    command = [sys.executable, "-c", "from oort.cli import main; main()", *words]
    done = subprocess.run(
        command, input=f"{CANARY}\n", capture_output=True, text=True, check=False, timeout=60,
        env=os.environ,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "orders.key is set.\n", "")


def _get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    reply = connection.getresponse()
    found = reply.status, reply.read()
    connection.close()
    return found


def _post(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", path)
    status = connection.getresponse().status
    connection.close()
    return status
