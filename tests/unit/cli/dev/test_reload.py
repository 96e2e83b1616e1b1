"""`oort dev` follows the files: what the supervisor decides, what counts as a change, and real processes that reload and die."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from oort.cli.dev import reload_children
from oort.cli.dev.reload import Reloader
from oort.cli.dev.reload_children import END, Child, Loaded, Message, Ready, Supervisor
from oort.cli.dev.reload_files import Files
from oort.cli.errors import LOST
from oort.cli.wiring import listening
from oort.engine.state.folder import held, open_state
from oort.model.errors import StateUnusable
from tests.crash.processes import free_port

pytestmark = pytest.mark.slow  # every test starts processes
OORT = [sys.executable, "-c", "import oort.cli; oort.cli.main()"]
SERVICE = 'from oort import Service\nhello = Service("hello")\n@hello.get("/", public=True)\ndef greet() -> str:\n    return "{}"\n'


# -- what the supervisor decides


class FakeChild:
    """A child that says and does what the test tells it to."""

    def __init__(self, changed: str) -> None:
        self.changed = changed
        self.code: int | None = None
        self.says: list[Message] = []
        self.told: list[str] = []

    def hear(self) -> list[Message]:
        said, self.says = self.says, []
        return said

    def serve(self) -> None:
        self.told.append("serve")

    def hand_over(self) -> None:
        self.told.append("hand over")

    def stop(self) -> None:
        self.told.append("stop")

    def kill(self) -> None:
        self.told.append("kill")
        self.code = -signal.SIGKILL


class Story:
    """Runs a Reloader; before each wait the next step happens."""

    def __init__(self) -> None:
        self.children: list[FakeChild] = []
        self.said: list[str] = []
        self.looked_at: list[Sequence[str]] = []
        self._changes: list[str] = []
        self._steps: Iterator[Callable[[], object]] = iter(())
        self.reloader = Reloader(self, launch=self._launch, wait=self._wait, say=self.said.append)

    def run(self, *steps: Callable[[], object]) -> int:
        """Let the steps happen one after another; the exit code."""
        self._steps = iter(steps)
        return self.reloader.run()

    def loads(self, number: int) -> Callable[[], None]:
        return lambda: self.children[number].says.append(Loaded(()))

    def answers(self, number: int) -> Callable[[], None]:
        return lambda: self.children[number].says.append(Ready())

    def ends(self, number: int, code: int) -> Callable[[], None]:
        return lambda: setattr(self.children[number], "code", code)

    def changes(self, file: str = "a.py") -> Callable[[], None]:
        return lambda: self._changes.append(file)

    def also(self, files: Sequence[str]) -> None:
        self.looked_at.append(files)

    def given_up(self, *, begun: int, loaded: int) -> str:
        """No file is given up."""
        return ""

    def changed(self) -> str:
        return self._changes.pop() if self._changes else ""

    def _launch(self, changed: str, _others: Sequence[FakeChild]) -> FakeChild:
        self.children.append(FakeChild(changed))
        return self.children[-1]

    def _wait(self, _children: Sequence[FakeChild]) -> None:
        next(self._steps)()


def nothing() -> None:
    """A step in which nothing happens."""


def test_a_changed_program_is_loaded_before_the_old_one_ends() -> None:
    story = Story()
    assert (
        story.run(
            *(story.loads(0), story.answers(0), story.changes(), story.loads(1), nothing),
            *(story.ends(0, 0), story.answers(1), story.reloader.stop, story.ends(1, 0)),
        )
        == 0
    )
    assert [child.changed for child in story.children] == ["", "a.py"]
    assert [child.told for child in story.children] == [["serve", "hand over"], ["serve", "stop"]]
    assert story.said == []


def test_a_program_with_mistakes_leaves_the_old_one_running() -> None:
    story = Story()
    story.run(
        *(story.loads(0), story.answers(0), story.changes(), story.ends(1, 1), nothing),
        *(
            story.changes("b.py"),
            story.loads(2),
            story.ends(0, 0),
            story.reloader.stop,
            story.ends(2, 0),
        ),
    )
    assert story.children[0].told == ["serve", "hand over"]
    assert story.said == [
        "The old program continues to run. Fix the mistakes, and the new program is loaded."
    ]
    assert story.children[2].told == ["serve", "stop"]


def test_the_first_program_with_mistakes_is_the_end() -> None:
    story = Story()
    assert story.run(story.ends(0, 64)) == 64


def test_a_change_while_the_next_program_loads_starts_it_anew() -> None:
    story = Story()
    story.run(
        *(story.loads(0), story.answers(0), story.changes(), story.changes(), story.loads(2)),
        *(story.ends(0, 0), story.reloader.stop, story.ends(2, 0)),
    )
    assert [child.told for child in story.children] == [
        ["serve", "hand over"],
        ["kill"],
        ["serve", "stop"],
    ]


def test_one_that_has_not_served_anybody_yet_is_not_waited_for() -> None:
    story = Story()
    story.run(
        story.loads(0), story.changes(), story.loads(1), story.reloader.stop, story.ends(1, 0)
    )
    assert [child.told for child in story.children] == [["serve", "kill"], ["serve", "stop"]]


def test_a_reloaded_program_that_cannot_start_waits_for_the_next_change() -> None:
    story = Story()
    story.run(
        *(
            story.loads(0),
            story.answers(0),
            story.changes(),
            story.loads(1),
            story.ends(0, 0),
            story.ends(1, 1),
        ),
        *(
            story.changes(),
            story.ends(2, 1),
            story.changes(),
            story.loads(3),
            story.reloader.stop,
            story.ends(3, 0),
        ),
    )
    assert (
        story.said == ["The program does not run until its mistakes are fixed; requests wait."] * 2
    )
    assert story.children[3].told == ["serve", "stop"]


def test_nothing_runs_and_a_signal_is_still_the_end() -> None:
    story = Story()
    steps = (
        story.loads(0),
        story.answers(0),
        story.changes(),
        story.loads(1),
        story.ends(0, 0),
        story.ends(1, 1),
    )
    assert story.run(*steps, story.reloader.stop) == 0


def test_a_platform_that_dies_is_said_and_is_the_end() -> None:
    story = Story()
    assert story.run(story.loads(0), story.answers(0), story.ends(0, -signal.SIGSEGV)) == 1
    assert story.said == ["The platform was stopped by SIGSEGV. Acknowledged work is not lost."]


def test_a_state_that_is_gone_is_the_end_of_all_programs() -> None:
    for number, other in ((0, 1), (1, 0)):
        story = Story()
        begin = (story.loads(0), story.answers(0), story.changes())
        assert story.run(*begin, story.ends(number, LOST)) == LOST
        assert story.children[other].told[-1] == "kill"
        assert story.said == []
    story = Story()  # no program serves: it was handed over when the state went
    handed_over = (story.loads(1), story.ends(0, 0))
    begin = (story.loads(0), story.answers(0), story.changes())
    assert story.run(*begin, *handed_over, story.ends(1, LOST)) == LOST


def test_a_next_program_that_dies_while_it_waits_is_said() -> None:
    story = Story()
    story.run(
        *(
            story.loads(0),
            story.answers(0),
            story.changes(),
            story.loads(1),
            story.ends(1, -9),
            story.ends(0, 0),
        ),
        *(story.changes(), story.loads(2), story.reloader.stop, story.ends(2, 0)),
    )
    assert "The program does not run until its mistakes are fixed; requests wait." in story.said
    assert story.children[2].told == ["serve", "stop"]


def test_one_that_dies_while_the_next_one_loads_is_followed_by_it() -> None:
    story = Story()
    story.run(
        *(story.loads(0), story.answers(0), story.changes(), story.ends(0, -9), story.loads(1)),
        *(story.answers(1), story.reloader.stop, story.ends(1, 0)),
    )
    assert story.children[1].told == ["serve", "stop"]


@pytest.mark.parametrize("code", [-END, -signal.SIGTERM])
def test_a_signal_while_it_loads_is_an_orderly_end(code: int) -> None:
    story = Story()
    assert story.run(story.reloader.stop, story.ends(0, code)) == 0


def test_a_signal_before_the_child_is_known_reaches_it() -> None:
    story = Story()
    story.reloader.stop()
    assert story.run(story.ends(0, 0)) == 0
    assert story.children[0].told == ["stop"]


def test_a_signal_while_the_next_program_waits_ends_both() -> None:
    story = Story()
    steps = (
        story.loads(0),
        story.answers(0),
        story.changes(),
        nothing,
        story.reloader.stop,
        story.ends(0, 0),
    )
    assert story.run(*steps) == 0
    assert story.children[1].told == ["stop", "kill"]


# -- what counts as a change


def test_python_files_and_the_project_file_count_and_nothing_else(tmp_path: Path) -> None:
    for name in (
        "shop/orders.py",
        ".venv/a.py",
        "env/pyvenv.cfg",
        "env/b.py",
        "node_modules/c.py",
        "oort.toml",
        "d.txt",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1")
    files = Files(tmp_path, pause=lambda _: None)
    for name in (".venv/a.py", "env/b.py", "node_modules/c.py", "d.txt"):
        (tmp_path / name).write_text("22")
        assert files.changed() == ""
    for name in ("shop/orders.py", "oort.toml", "new.py"):
        (tmp_path / name).write_text("22")
        assert files.changed() == str(tmp_path / name)
        assert files.changed() == ""
    (tmp_path / "new.py").unlink()
    assert files.changed() == str(tmp_path / "new.py")


def test_files_outside_the_folder_count_once_they_are_named(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside.py"
    inside.mkdir()
    outside.write_text("1")
    files = Files(inside, pause=lambda _: None)
    files.also([str(outside), str(tmp_path / "gone.py")])
    assert files.changed() == ""
    outside.write_text("22")
    assert files.changed() == str(outside)


def test_it_waits_until_nothing_changes_any_more(tmp_path: Path) -> None:
    file, sizes = tmp_path / "a.py", iter(["22", "333", "4444"])

    def pause(_: float) -> None:
        with contextlib.suppress(StopIteration):
            file.write_text(next(sizes))

    files = Files(tmp_path, pause=pause)
    file.write_text("1")
    assert files.changed() == str(file)
    assert files.changed() == ""
    assert file.read_text() == "4444"


def test_a_folder_that_has_gone_is_empty(tmp_path: Path) -> None:
    assert Files(tmp_path / "gone").changed() == ""


# -- what they tell each other


def ended_with(child: Child) -> int | None:
    """Its exit status; a function, since type checkers do not expect it to change."""
    return child.code


def test_messages_arrive_whole_and_the_end_is_noticed() -> None:
    ours, theirs = socket.socketpair()
    ours.settimeout(0)
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read(); sys.exit(3)"], stdin=subprocess.PIPE
    )
    child = Child(process.pid, ours)
    ended = threading.Event()
    supervisor = Supervisor(theirs, end=lambda _: ended.set())
    child.serve()
    before = signal.getsignal(signal.SIGTERM)
    supervisor.loaded(["a.py"])
    signal.signal(signal.SIGTERM, before)
    theirs.send(b'{"type":"Re')
    assert child.hear() == [Loaded(("a.py",))]
    theirs.send(b'ady"}\n')
    assert child.hear() == [Ready()]
    supervisor.ready()
    reload_children.wait([child], at_most=timedelta(seconds=10))
    assert child.hear() == [Ready()]
    assert ended_with(child) is None
    assert process.stdin is not None
    process.stdin.close()
    theirs.shutdown(socket.SHUT_RDWR)
    process.returncode = 3  # `hear` waits for it, so nobody else can
    assert child.hear() == []
    assert ended_with(child) == 3
    child.stop()  # which finds nobody
    assert ended.wait(10)  # and this side would have ended, too
    theirs.close()


# -- real processes


@contextlib.contextmanager
def platform(folder: Path, *, port: int = 0) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`oort dev` in a process of its own, and its address."""
    command = [*OORT, "dev", str(folder), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    rest = threading.Thread(target=process.stdout.read)
    try:
        url = process.stdout.readline().split()[1]
        rest.start()
        yield process, url
    finally:
        process.kill()
        process.wait()
        rest.join()
        process.stdout.close()
        process.stderr.close()


def hello(folder: Path, word: str = "one") -> Path:
    """A platform that answers with the word."""
    folder.mkdir(exist_ok=True)
    (folder / "oort.toml").write_text('name = "hello"\nservices = ["hello"]\n')
    (folder / "hello.py").write_text(SERVICE.format(word))
    return folder


def answer(url: str) -> str:
    """What the platform answers. A request that is refused, reset or cut off fails the test."""
    with urllib.request.urlopen(f"{url}/hello", timeout=30) as reply:
        return str(reply.read().decode())


def until(url: str, word: str) -> None:
    """Ask until the answer is the word."""
    end = time.monotonic() + 60
    while answer(url) != f'"{word}"':
        assert time.monotonic() < end, f"never {word}"
        time.sleep(
            0.05
        )  # another process's progress cannot be waited for in any other way; a client has a rate limit


@pytest.mark.serial
def test_changes_are_followed_without_a_refused_request_and_mistakes_survived(
    tmp_path: Path,
) -> None:
    with platform(hello(tmp_path)) as (process, url):
        until(url, "one")
        hello(tmp_path, "two")  # of the same length, within a second
        until(url, "two")
        (tmp_path / "hello.py").write_text("def (:")
        assert process.stderr is not None
        said = [process.stderr.readline() for _ in range(5)]
        assert "hello.py:1: invalid syntax" in said[0]
        assert (
            said[-1]
            == "The old program continues to run. Fix the mistakes, and the new program is loaded.\n"
        )
        assert answer(url) == '"two"'
        hello(tmp_path, "six")
        until(url, "six")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


@pytest.mark.serial
def test_a_signal_to_the_whole_group_ends_it_gracefully_once(tmp_path: Path) -> None:
    folder = hello(tmp_path)
    command = [*OORT, "dev", str(folder), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    url = process.stdout.readline().split()[1]
    until(url, "one")
    os.killpg(process.pid, signal.SIGTERM)
    assert process.wait(60) == 0
    assert (
        process.stdout.read().splitlines()[-1]
        == "Stopped. Nothing is lost: the next start goes on from here."
    )
    process.stdout.close()


def shown(terminal: int, text: bytes) -> None:
    """Read from the terminal until it shows the text."""
    seen = b""
    while text not in seen:
        assert select.select([terminal], [], [], 60)[0], seen
        seen += os.read(terminal, 4096)


@pytest.mark.serial
def test_a_reload_waits_for_who_looks_at_a_breakpoint_in_the_terminal(tmp_path: Path) -> None:
    hello(tmp_path)
    quiet = SERVICE.format("two")
    (tmp_path / "hello.py").write_text(
        SERVICE.format("one").replace("    return", "    breakpoint()\n    return")
    )
    ours, theirs = os.openpty()
    port = free_port()
    command = [*OORT, "dev", str(tmp_path), "--inline", "--port", str(port)]
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    url, answers = f"http://127.0.0.1:{port}", list[str]()
    asking = threading.Thread(target=lambda: answers.append(answer(url)))
    try:
        shown(ours, b"shows what happened")
        asking.start()
        shown(ours, b"(Pdb)")
        (tmp_path / "hello.py").write_text(quiet)
        shown(ours, b"A reload waits for what runs to finish.")
        os.write(ours, b"print(6 * 7)\n")
        shown(ours, b"42")
        os.write(ours, b"c\n")
        asking.join()
        assert answers == ['"one"']
        shown(ours, b"Reloaded")
        assert answer(url) == '"two"'
        process.send_signal(signal.SIGINT)
        shown(ours, b"Stopped.")
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
        os.close(theirs)


@pytest.mark.crash
def test_a_killed_supervisor_takes_everything_along_and_can_be_restarted_at_once(
    tmp_path: Path,
) -> None:
    hello(tmp_path)
    with platform(tmp_path) as (process, url):
        until(url, "one")
        port = int(url.rpartition(":")[2])
        process.send_signal(signal.SIGKILL)
        process.wait()
        with listening.occupied(tmp_path / ".oort", port=port):  # the lock and the port are free
            pass
        with platform(tmp_path, port=port) as (again, address):
            until(address, "one")
            again.send_signal(signal.SIGINT)
            assert again.wait(60) == 0


def test_a_platform_that_runs_is_not_waited_for(tmp_path: Path) -> None:
    with (
        held(open_state(tmp_path)),
        pytest.raises(StateUnusable, match="is in use"),
        listening.occupied(tmp_path, port=0),
    ):
        pass


def test_a_child_that_outlives_a_killed_platform_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    state, dying = open_state(tmp_path), threading.Event()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()

    def hold() -> None:
        with held(state):
            state.lock.write_text(f"{gone.pid}\n")
            dying.set()
            time.sleep(0.1)  # what is left of the platform, as the kernel ends it

    thread = threading.Thread(target=hold)
    thread.start()
    dying.wait()
    with listening.occupied(tmp_path, port=0):
        assert state.lock.read_text().strip() == str(os.getpid())
    thread.join()
