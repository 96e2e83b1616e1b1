"""P33, the engine's part: two versions of a service are live at once, each with its own share."""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.unit.cli.served import Served, served
from tests.unit.cli.shops import run

pytestmark = [pytest.mark.slow, pytest.mark.serial]

_SERVICE = """
import os
import time

import msgspec

from oort import Call, Can, Context, Get, Put, Queue, Scan, Send, Service, Table, call

desk = Service("desk")


class Note(msgspec.Struct):
    id: str
    by: str = ""


@desk.table("notes", key="id")
class Notes(Table[str, Note, Can]): ...


@desk.queue("jobs", attempts=5)
class Jobs(Queue[Note, Can]): ...


@call("desk.whoami")
class WhoAmI(Call[Note, Note]): ...


@desk.get("/", public=True)
def greet() -> str:
    return "WORD"


@desk.get("/pid", public=True)
def pid() -> list[int]:
    return [os.getpid(), os.getppid()]


@desk.get("/slow", public=True)
def slow(seconds: float) -> str:
    time.sleep(seconds)
    return "WORD"


@desk.get("/crash", public=True)
def crash() -> str:
    if "WORD" == "two":
        os._exit(3)
    return "WORD"


@desk.get("/ask", public=True)
def ask(who: WhoAmI) -> str:
    return who(Note("1")).by


@desk.answer(WhoAmI)
def answer(note: Note) -> Note:
    return Note(note.id, by="WORD")


@desk.post("/jobs", status=202, public=True)
def send(body: Note, jobs: Jobs[Send]) -> None:
    jobs.send(body)


@desk.worker(Jobs)
def work(note: Note, notes: Notes[Put]) -> None:
    print("working")
    notes.put(Note(note.id, by="WORD"))


@desk.get("/notes", public=True)
def every(notes: Notes[Scan]) -> list[Note]:
    return list(notes.scan(limit=1000).items)
"""

_NEW = """

@desk.get("/new", public=True)
def new() -> str:
    return "WORD"


@desk.queue("parcels", attempts=5)
class Parcels(Queue[Note, Can]): ...


@desk.post("/parcels", status=202, public=True)
def post(body: Note, parcels: Parcels[Send]) -> None:
    parcels.send(body)


@desk.worker(Parcels)
def pack(note: Note, notes: Notes[Put]) -> None:
    notes.put(Note(note.id, by="WORD"))
"""


def sources(folder: Path, word: str, more: str = "") -> Path:
    """Write a version of the platform to the folder."""
    folder.mkdir()
    (folder / "desk.py").write_text((_SERVICE + more).replace("WORD", word))
    (folder / "oort.toml").write_text('name = "desk"\nservices = ["desk"]\n')
    return folder


class Desk:
    """The running platform and its sources."""

    def __init__(self, folder: Path, platform: Served) -> None:
        self.folder = folder
        self.platform = platform

    def get(self, path: str) -> object:
        """Return the reply of a route."""
        status, _, body = self.platform.ask("GET", path)
        assert status == 200, (status, body)
        return json.loads(body)

    def status(self, path: str) -> int:
        """Return the status of a route."""
        return self.platform.ask("GET", path)[0]

    def versions(self, *words: str | Path, code: int = 0) -> str:
        """Run `oort versions` and return what it prints."""
        at = () if words[0] == "list" else ("-C",)
        result = run("versions", *words, *at, self.folder)
        assert result.exit_code == code, result.output
        return result.stdout + result.stderr

    def greetings(self, number: int = 100) -> Counter[object]:
        """Return how often each version answers."""
        return Counter(self.get("/desk") for _ in range(number))

    def notes(self, number: int) -> Counter[str]:
        """Return which version has handled each of this number of messages."""
        end, notes = time.monotonic() + 30, self.get("/desk/notes")
        while isinstance(notes, list) and len(notes) < number and time.monotonic() < end:
            time.sleep(0.05)
            notes = self.get("/desk/notes")
        assert isinstance(notes, list)
        assert len(notes) == number
        return Counter(note["by"] for note in notes)

    def send(self, number: int, path: str = "/desk/jobs") -> None:
        """Send messages."""
        for place in range(number):
            assert self.platform.ask("POST", path, {"id": f"{path}{place}"})[0] == 202


@contextmanager
def desk_thread(desk: Desk, path: str) -> Iterator[Callable[[], object]]:
    """Ask in a thread. The function waits for the reply."""
    with ThreadPoolExecutor(1) as threads:
        reply = threads.submit(desk.get, path)
        time.sleep(0.5)
        yield reply.result


@pytest.fixture(name="desk")
def _desk(tmp_path: Path) -> Iterator[Desk]:
    folder = sources(tmp_path / "one", "one")
    with served(folder, "--no-throttle", "--log", "json") as platform:
        yield Desk(folder, platform)


def test_requests_messages_and_calls_are_divided(desk: Desk, tmp_path: Path) -> None:
    two = sources(tmp_path / "two", "two", _NEW)
    assert desk.greetings(20) == {"one": 20}
    desk.versions("add", "next", two, "--share", "30")
    greetings = desk.greetings(200)
    assert 30 < greetings["two"] < 90, greetings
    asked = Counter(desk.get("/desk/ask") for _ in range(100))
    assert 5 < asked["two"] < 60
    desk.send(100)
    assert 10 < desk.notes(100)["two"] < 55
    assert {desk.get("/desk/new") for _ in range(20)} == {"two"}  # only the new version has it
    desk.send(10, "/desk/parcels")
    assert desk.notes(110)["two"] >= 10

    desk.versions("share", "next", "100")
    assert desk.greetings(50) == {"two": 50}
    desk.versions("share", "next", "0")
    assert desk.greetings(50) == {"one": 50}
    assert desk.status("/desk/new") == 404

    desk.versions("remove", "next")
    assert desk.greetings(20) == {"one": 20}
    desk.platform.terminate()
    lines = [line for line in desk.platform.log() if line["message"] == "GET /desk"]
    assert Counter(line.get("service_version", "") for line in lines[20:-20]) == {
        "main": greetings["one"] + 50,
        "next": greetings["two"] + 50,
    }
    assert all("service_version" not in line for line in [*lines[:20], *lines[-20:]])


def test_what_runs_finishes_and_nothing_begins(desk: Desk, tmp_path: Path) -> None:
    desk.versions("add", "next", sources(tmp_path / "two", "two"), "--share", "100")
    with desk_thread(desk, "/desk/slow?seconds=1.5") as slow:
        desk.versions("share", "next", "0")
        assert desk.greetings(20) == {"one": 20}
        desk.versions("remove", "next")  # waits for the slow request
        assert slow() == "two"


def test_a_version_that_cannot_start_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    broken = sources(tmp_path / "broken", "two", "\nraise ZeroDivisionError('at import')\n")
    said = desk.versions("add", "next", broken, "--share", "50", code=1)
    assert "The version next in" in said
    assert "ZeroDivisionError: at import" in said
    ends = sources(tmp_path / "ends", "two", "\nos._exit(7)\n")
    assert "ended with status 7" in desk.versions("add", "next", ends, code=1)
    other = sources(tmp_path / "other", "two")
    (other / "oort.toml").write_text('name = "shop"\nservices = ["desk"]\n')
    assert "is the platform shop" in desk.versions("add", "next", other, code=1)
    assert "has no service" in desk.versions(
        "add", "next", tmp_path / "one", "--service", "x", code=1
    )
    assert desk.greetings(20) == {"one": 20}
    assert "next" not in desk.versions("list")
    # Nothing of the attempts is left behind.
    desk.versions("add", "next", sources(tmp_path / "two", "two"), "--share", "100")
    assert desk.greetings(20) == {"two": 20}


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"notes", key="id"', '"notes", key="by"', "its key or its version attribute differs"),
        ("@desk.worker(Jobs)", "@desk.worker(Jobs, batch=10)", ""),
    ],
)
def test_a_version_that_would_be_misread_is_refused(
    desk: Desk, tmp_path: Path, old: str, new: str, why: str
) -> None:
    two = sources(tmp_path / "two", "two")
    text = (two / "desk.py").read_text()
    assert old in text
    (two / "desk.py").write_text(text.replace(old, new))
    said = desk.versions("add", "next", two, "--share", "50", code=1 if why else 0)
    assert why in said
    assert ("two" in desk.greetings(50)) is not bool(why)


def test_a_crash_hurts_the_share_of_its_own_version(desk: Desk, tmp_path: Path) -> None:
    desk.versions("add", "next", sources(tmp_path / "two", "two"), "--share", "50")
    statuses = Counter(desk.status("/desk/crash") for _ in range(40))
    assert set(statuses) == {200, 502}
    assert desk.greetings(50).keys() == {"one", "two"}


def test_the_loss_of_a_version_gives_its_share_to_the_other(desk: Desk, tmp_path: Path) -> None:
    desk.versions("add", "next", sources(tmp_path / "two", "two"), "--share", "100")
    pids = desk.get("/desk/pid")
    assert isinstance(pids, list)
    os.kill(pids[1], signal.SIGKILL)
    end = time.monotonic() + 20
    while desk.platform.ask("GET", "/desk")[2] != b'"one"' and time.monotonic() < end:
        time.sleep(0.05)
    assert desk.greetings(20) == {"one": 20}
    assert "its processes have ended" in desk.versions("list")
    assert "have ended" in desk.versions("share", "next", "50", code=1)
    desk.versions("remove", "next")
    desk.versions("add", "next", tmp_path / "two", "--share", "100")
    assert desk.greetings(20) == {"two": 20}


def test_both_are_live_after_the_next_start(tmp_path: Path) -> None:
    folder = sources(tmp_path / "one", "one")
    two = sources(tmp_path / "two", "two", _NEW)
    with served(folder, "--no-throttle", "--log", "json") as platform:
        desk = Desk(folder, platform)
        desk.versions("add", "next", two, "--share", "100")
        desk.send(3, "/desk/parcels")
        platform.process.kill()
        platform.process.wait()
    with served(folder, "--no-throttle", "--log", "json") as platform:
        desk = Desk(folder, platform)
        assert desk.greetings(10) == {"two": 10}
        assert desk.get("/desk/new") == "two"
        desk.notes(3)
        assert '"shares"' in desk.versions("list", "--json")
        platform.terminate()
        assert platform.process.wait(30) == 0
    # Without the folder of the version that has everything, the platform does not start.
    two.rename(tmp_path / "away")
    result = run("serve", folder, "--port", "0")
    assert result.exit_code == 1
    assert "The version next in" in result.stderr
    # Another program with this state would not be the version that has the rest.
    result = run("serve", tmp_path / "away", "--port", "0", "--state", folder / ".oort")
    assert result.exit_code == 1
    assert "The services are shared by main in" in result.stderr
    (folder / ".oort" / "versions.json").unlink()
    with served(folder) as platform:
        assert Desk(folder, platform).get("/desk") == "one"


def test_a_version_without_its_folder_leaves_its_share_to_the_other(tmp_path: Path) -> None:
    folder, two = sources(tmp_path / "one", "one"), sources(tmp_path / "two", "two")
    with served(folder, "--no-throttle") as platform:
        Desk(folder, platform).versions("add", "next", two, "--share", "50")
    two.rename(tmp_path / "away")
    with served(folder, "--no-throttle", "--log", "json") as platform:
        assert "The version next is not live" in " ".join(platform.before)
        assert Desk(folder, platform).greetings(30) == {"one": 30}


def test_orders_need_a_running_platform(tmp_path: Path) -> None:
    folder = sources(tmp_path / "one", "one")
    result = run("versions", "list", folder)
    assert result.exit_code == 1
    assert "No platform that `oort serve` has started runs" in result.stderr
