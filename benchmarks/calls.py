"""Count the Python calls of the server for a request, by thread and by module.

Run `python -m benchmarks.calls`; `--json` prints the totals only. The program runs the platform of
`benchmarks/subject` in this process, with server, store, log and traces. It reads the same row many
times over a single connection, and profiles each thread of the server. Unlike a time, the number of
calls does not depend on other load of the machine.

The broker's part are the calls of the process that serves, while handlers run in worker processes:
the server, the gateway, the frames, the operation, the spans and the log line. The handler's side are
the calls inside `InProcessInvoker.request`, while handlers run in threads.
"""

import asyncio
import json
import os
import socket
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[1]
_ROUNDS = 200
_WARM = 100  # more than there are threads, so that none begins while calls are counted
_HANDLER = "InProcessInvoker.request"
_ROW = b'{"id":"n1","shelf":"attic","text":"lorem","pinned":true,"stars":3}'
_KEY = b'{"id":"n1","shelf":"attic"}'
Place = tuple[str, str, str]  # thread, file, function


@dataclass(slots=True)
class Counts:
    """The calls of many requests."""

    requests: int
    broker: Counter[Place] = field(default_factory=Counter[Place])
    handler: Counter[Place] = field(default_factory=Counter[Place])

    def totals(self) -> dict[str, float]:
        """Return the calls of one request."""
        return {
            "broker": round(sum(self.broker.values()) / self.requests, 1),
            "handler": round(sum(self.handler.values()) / self.requests, 1),
        }


class Profile:
    """Counts calls while it is on, for each thread that was started after `install`."""

    def __init__(self) -> None:
        self.on = False
        self.counts = Counts(_ROUNDS)
        self._inside: dict[int, bool] = {}

    def install(self) -> None:
        """Profile every thread from now on."""
        threading.setprofile(self._note)

    def _note(self, frame: FrameType, event: str, _: object) -> None:
        code, thread = frame.f_code, threading.get_ident()
        if event == "return":
            if code.co_qualname == _HANDLER:
                self._inside[thread] = False
            return
        if event != "call":
            return
        if code.co_qualname == _HANDLER:
            self._inside[thread] = True
        if self.on:
            place = (
                threading.current_thread().name.partition("-")[0],
                _short(code.co_filename),
                code.co_qualname,
            )
            counter = self.counts.handler if self._inside.get(thread) else self.counts.broker
            counter[place] += 1


def _short(file: str) -> str:
    for mark in ("/oort/", "/site-packages/", "/python3"):
        if mark in file:
            return file.rpartition(mark)[2]
    return file


def counted(*, path: bytes = b"/notes/find", rounds: int = _ROUNDS, workers: bool = True) -> Counts:
    """Return the calls of reads of one row by a caller with a bearer token."""
    profile = Profile()
    profile.counts.requests = rounds
    with _served(profile, workers=workers) as (port, token):
        client = _Client(port, token)
        client.ask(b"/notes", _ROW)
        for _ in range(_WARM):
            client.ask(path, _KEY)
        profile.on = True
        for _ in range(rounds):
            client.ask(path, _KEY)
        profile.on = False
        client.close()
    return profile.counts


class _Client:
    """One connection."""

    def __init__(self, port: int, token: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._head = f"host: 127.0.0.1\r\nauthorization: Bearer {token}\r\n".encode()

    def ask(self, path: bytes, body: bytes) -> None:
        """Send a request and read the whole reply."""
        head = b"POST %s HTTP/1.1\r\n%scontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        self._socket.sendall(head % (path, self._head, len(body)) + body)
        got = b""
        while b"\r\n\r\n" not in got:
            got += self._socket.recv(65536)
        headers, _, content = got.partition(b"\r\n\r\n")
        length = int(headers.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        while len(content) < length:
            content += self._socket.recv(65536)
        if not headers.startswith(b"HTTP/1.1 20"):
            raise RuntimeError(f"{headers!r} {content!r}")

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


@contextmanager
def _served(profile: Profile, *, workers: bool) -> Iterator[tuple[int, str]]:
    from oort.app.loading import projects
    from oort.cli.dev.serving import Server
    from oort.cli.printing.logs import LineWriter, Log
    from oort.cli.wiring import embedded
    from oort.engine.state.folder import open_state

    project = projects.find(ROOT / "benchmarks" / "subject")
    program = projects.program(project)
    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w") as nowhere:
        os.environ["XDG_CONFIG_HOME"] = folder  # the keys of the store stay in the folder
        state = open_state(Path(folder) / "state")
        issuer = embedded.issuer_of(state, platform=program.model.name)
        token = issuer.issue("ada", (), timedelta(hours=1))
        parent = embedded.workers_of(program, prepare=lambda _: None) if workers else None
        profile.install()
        writer = LineWriter(nowhere)
        log = Log(writer, colours=False)
        running = embedded.started(
            program, state, issuer=issuer, log=log, inline=False, workers=parent
        )
        listener = socket.create_server(("127.0.0.1", 0))
        ready = threading.Event()
        server = Server(running.app, ready=ready.set, stopping=lambda: None)

        async def serve() -> None:
            running.begin()
            await server.serve([listener])
            await asyncio.to_thread(running.stop)

        loop_factory = server.config.get_loop_factory()
        runner = asyncio.Runner(loop_factory=loop_factory)
        thread = threading.Thread(target=runner.run, args=(serve(),), name="server")
        thread.start()
        ready.wait(10)
        try:
            yield listener.getsockname()[1], token
        finally:
            server.should_exit = True
            thread.join()
            writer.close()
            threading.setprofile(None)


def main() -> None:
    """Print the counts."""
    counts = counted()
    counts.handler = counted(workers=False).handler
    if "--json" in sys.argv:
        print(json.dumps(counts.totals()))
        return
    for title, counter in (("broker", counts.broker), ("handler", counts.handler)):
        print(f"{title}: {counts.totals()[title]} calls a request")
        for (thread, file, function), count in counter.most_common(100):
            if count * 20 >= counts.requests:
                print(f"  {count / counts.requests:5.1f}  {thread:<10} {file}:{function}")


if __name__ == "__main__":
    main()
