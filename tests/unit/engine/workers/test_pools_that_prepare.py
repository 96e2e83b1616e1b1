"""A service that is sensitive to latency has a process that is ready for the next invocation."""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from oort import Call, Can, Get, Put, Service, Table, call
from oort.app.loading.loader import load
from tests.unit.engine.workers.shop import Shop, opened

quick = Service("quick")
slow = Service("slow")
RAISES, EXITS, SLOW, HANGS = "raises", "exits", "slow", "hangs"


class Note(msgspec.Struct):
    """How the provider works."""

    id: str
    how: str = ""


@quick.table("notes", key="id")
class Notes(Table[str, Note, Can]):
    """Notes."""


class Port:
    """A port that takes long to make."""

    def __init__(self, how: str) -> None:
        self.how, self.process = how, os.getpid()


@quick.provide
def port(notes: Notes[Get]) -> Port:
    """Make it, by a look at a table."""
    note = notes.get("provider") or Note("provider")
    logging.getLogger("quick").warning("made %s", note.how)
    if note.how == RAISES:
        raise RuntimeError("no connection")
    if note.how == EXITS:
        os._exit(3)
    if note.how == SLOW:
        time.sleep(2)
    if note.how == HANGS:
        time.sleep(20)
    return Port(note.how)


@quick.get("/port", public=True, latency_sensitive=True)
def use(port: Port) -> tuple[str, int, int]:
    """Use the port."""
    return port.how, port.process, os.getpid()


@quick.get("/wait", public=True, latency_sensitive=True, timeout=timedelta(seconds=20))
def wait(seconds: float) -> int:
    """Be busy."""
    time.sleep(seconds)
    return os.getpid()


@quick.post("/note", public=True)
def write(body: Note, notes: Notes[Put]) -> None:
    """Change how the provider works."""
    notes.put(body)


@quick.get("/end", public=True)
def end() -> None:
    """End the process."""
    os._exit(4)


@call("quick.ask", timeout=timedelta(seconds=10))
class Ask(Call[str, str]):
    """A question."""


@quick.answer(Ask, latency_sensitive=True)
def answer(question: str) -> str:
    """Answer it."""
    return "answered"


@slow.get("/", public=True)
def ready() -> None:
    """Be of another service."""


@slow.get("/call", public=True, timeout=timedelta(seconds=20))
def call_(ask: Ask) -> str:
    """Ask the quick service."""
    return ask("?")


PROGRAM = load([quick, slow])


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Shop]:
    """The program in workers."""
    with opened(tmp_path, program=PROGRAM) as shop:
        yield shop


def idle(running: Shop) -> int:
    """Return the number of prepared processes of the service, after the work that runs now."""
    workers = running.engine.workers
    assert workers is not None
    for _ in range(1000):
        if not workers.is_busy():
            return len(workers._pools["quick"]._idle)
        time.sleep(0.01)
    raise AssertionError("The processes do not come to an end.")


def settled(running: Shop, lines: int) -> list[str]:
    """Return the lines of the log when there are so many."""
    for _ in range(1000):
        if len(running.lines) >= lines and idle(running):
            break
        time.sleep(0.01)
    return running.lines


def begin_preparation(running: Shop, how: str) -> None:
    """End processes until another is prepared, with a provider that works in this way."""
    running.ask("quick.write", body=Note("provider", how))
    for _ in range(10):
        running.ask("quick.end")
        for _ in range(30):
            if f"made {how}" in running.lines:
                return
            time.sleep(0.01)
    raise AssertionError("No process was prepared.")


def test_ports_are_made_before_the_first_request(running: Shop) -> None:
    assert settled(running, 1) == ["made "]
    workers = running.engine.workers
    assert workers is not None
    assert workers._pools["slow"].is_empty  # nothing is sensitive there
    _, made, used = msgspec.json.decode(running.ask("quick.use").body)
    assert made == used


def test_another_process_is_prepared_when_the_last_is_taken(running: Shop) -> None:
    settled(running, 1)
    first = msgspec.json.decode(running.ask("quick.use").body)[1]
    settled(running, 2)
    assert len(running.lines) == 2
    assert idle(running) == 2  # the one that was used, and the one that was prepared meanwhile
    assert first
    running.ask("quick.use")
    assert len(settled(running, 2)) == 2  # no more of them


def test_a_provider_that_raises_is_reported_and_tried_again_by_the_next_request(
    running: Shop,
) -> None:
    settled(running, 1)
    running.ask("quick.write", body=Note("provider", RAISES))
    running.ask("quick.end")  # the next process is prepared anew
    running.ask("quick.end")
    for _ in range(1000):
        if any("not prepared" in str(error) for error in running.errors):
            break
        time.sleep(0.01)
    assert any(
        "quick.use was not prepared for its first invocation: RuntimeError: no connection"
        in str(error)
        for error in running.errors
    )
    running.ask("quick.write", body=Note("provider", "well"))
    assert msgspec.json.decode(running.ask("quick.use").body)[0] == "well"


def test_a_provider_that_ends_its_process_is_not_tried_without_end(running: Shop) -> None:
    settled(running, 1)
    running.ask("quick.write", body=Note("provider", EXITS))
    for _ in range(3):
        running.ask("quick.end")
    time.sleep(0.3)  # an endless loop would have written hundreds of lines
    assert running.lines.count(f"made {EXITS}") <= 4
    assert running.ask("quick.use").status == 502
    running.ask("quick.write", body=Note("provider", "well"))
    assert running.ask("quick.use").status == 200


def test_a_request_does_not_wait_for_a_preparation(running: Shop) -> None:
    settled(running, 1)
    begin_preparation(running, SLOW)
    assert running.ask("quick.write", body=Note("provider", "well")).status == 200
    workers = running.engine.workers
    assert workers is not None
    assert workers._pools["quick"]._preparing


def test_the_last_process_of_such_a_service_does_not_end_without_requests(running: Shop) -> None:
    settled(running, 1)
    workers = running.engine.workers
    assert workers is not None
    workers._loop.call_soon_threadsafe(workers._pools["quick"].look, workers._loop.time() + 1e6)
    assert idle(running) == 1
    running.ask("quick.use")
    assert running.lines[0] == "made "


@contextmanager
def crowded(folder: Path, *, most: int) -> Iterator[Shop]:
    """The program with few places."""
    with opened(folder, program=PROGRAM, most=most) as shop:
        yield shop


def test_a_call_waits_for_a_process_that_is_prepared(tmp_path: Path) -> None:
    with crowded(tmp_path, most=3) as running:
        settled(running, 1)
        begin_preparation(running, SLOW)
        running.ask("slow.ready")
        outcome = running.ask("slow.call_")
        assert (outcome.status, outcome.body) == (200, b'"answered"')


def test_a_preparation_that_hangs_gives_its_place_to_a_request(tmp_path: Path) -> None:
    with crowded(tmp_path, most=2) as running:
        settled(running, 1)
        begin_preparation(running, HANGS)
        assert running.ask("quick.write", body=Note("provider", "well")).status == 200
        assert any("An invocation needed its place" in str(error) for error in running.errors)
        assert running.ask("quick.use").status == 200


def test_a_preparation_is_no_work_that_the_end_cuts_off(tmp_path: Path) -> None:
    with opened(tmp_path, program=PROGRAM) as running:
        settled(running, 1)
        begin_preparation(running, HANGS)
        workers = running.engine.workers
        assert workers is not None
        assert not workers.is_busy()
    assert not workers.was_cut
