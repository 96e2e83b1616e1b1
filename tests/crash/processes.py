"""Platforms as processes: started, waited for, killed without warning, or stopped politely."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[2]
_PATIENCE = 60.0


def free_port() -> int:
    """A port that the kernel says is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], bool], what: str, *, patience: float = _PATIENCE) -> None:
    """Wait for the condition; AssertionError after the seconds of patience."""
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, f"not within {patience:.0f} s: {what}"
        time.sleep(0.005)  # another process's progress cannot be waited for in any other way


class Process:
    """One process of a platform, on a port and a state folder of its own. `environment` is added to that of the test."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        port: int,
        state: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.port = port
        self.log = state.parent / "log.txt"
        environment = {
            **os.environ,
            "COMETBID_OUTBOX": str(state.parent / "outbox.jsonl"),
            "NO_COLOR": "1",
            **(environment or {}),
        }
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *command, "--port", str(port), "--state", str(state)],
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env=environment,
            )
        until(self._answers, f"an answer on port {port}; its log: {self.log}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """A process that the test left running, since it failed, is ended."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def kill(self) -> None:
        """SIGKILL: no handler runs, no buffer is written."""
        self._process.send_signal(signal.SIGKILL)
        assert self._process.wait(_PATIENCE) == -signal.SIGKILL, self.log.read_text()

    def stop(self) -> int:
        """SIGTERM, and the exit status."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(_PATIENCE)

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def wait_for_log(self, text: str) -> None:
        """Wait until the process has printed the text."""
        until(lambda: text in self.log.read_text(), f"{text!r} in {self.log}")

    def _answers(self) -> bool:
        assert self._process.poll() is None, f"the platform ended: {self.log.read_text()}"
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True
