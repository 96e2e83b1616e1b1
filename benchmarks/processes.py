"""Servers as processes: started on a free port, waited for, weighed and stopped. What /proc says of them is Linux only."""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_PATIENCE = 60.0
_TICK = os.sysconf("SC_CLK_TCK")


class NotStarted(Exception):
    """A server ended, or did not answer in time."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers; `wall` is the time from its start to its first 200."""

    port: int
    process: int
    wall: float

    def cpu(self) -> float:
        """CPU seconds that it and its children have used."""
        return sum(_cpu(one) for one in tree(self.process))

    def memory(self) -> int:
        """Bytes it and its children take, pages they share counted once (proportional set size)."""
        return sum(proportional(one) for one in tree(self.process))


def free_port() -> int:
    """A port that the kernel says is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    command: Sequence[str],
    *,
    ready: str,
    log: Path,
    environment: Mapping[str, str] | None = None,
    port: int = 0,
) -> Iterator[Server]:
    """The command as a server; `ready` is a path that it answers with 200.

    `{port}` in the command becomes a free port. With `port`, the caller has told the server already.
    """
    port = port or free_port()
    words = [word.format(port=port) for word in command]
    began = time.perf_counter()
    with running(words, log=log, environment=environment) as process:
        yield Server(port, process.pid, _first_answer(process, port, ready, log) - began)


@contextmanager
def running(
    command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
) -> "Iterator[subprocess.Popen[bytes]]":
    """The command as a process, which ends with the block."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            cwd=ROOT,
            env={**os.environ, "NO_COLOR": "1", **(environment or {})},
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def tree(process: int) -> list[int]:
    """The process and all its descendants."""
    found = [process]
    for one in found:
        for file in Path(f"/proc/{one}/task").glob("*/children"):
            found += [int(child) for child in _read(file).split()]
    return found


def descriptors(process: int) -> int:
    """Descriptors that the process has open; 0 if it has just ended."""
    try:
        return len(os.listdir(f"/proc/{process}/fd"))
    except OSError:
        return 0


def _first_answer(process: "subprocess.Popen[bytes]", port: int, path: str, log: Path) -> float:
    end = time.perf_counter() + _PATIENCE
    while time.perf_counter() < end:
        if process.poll() is not None:
            break
        if _answers(port, path):
            return time.perf_counter()
        time.sleep(0.005)
    raise NotStarted(f"{' '.join(map(str, process.args))}\n{log.read_text(errors='replace')}")  # type: ignore[arg-type]


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _cpu(process: int) -> float:
    fields = _read(Path(f"/proc/{process}/stat")).rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK if fields else 0.0


def proportional(process: int) -> int:
    """Bytes of one process, its part of shared pages only (proportional set size); 0 if it has just ended."""
    return _bytes(process, "Pss:")


def private(process: int) -> int:
    """Bytes that one process shares with no other; 0 if it has just ended.

    Its part of shared pages grows while others that share them end.
    """
    return _bytes(process, "Private_Clean:", "Private_Dirty:")


def _bytes(process: int, *fields: str) -> int:
    lines = _read(Path(f"/proc/{process}/smaps_rollup")).splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(fields))


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:  # it has just ended
        return ""
