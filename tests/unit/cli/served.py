"""`oort serve` in a process of its own: started, asked, and ended by signals."""

import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

OORT = [sys.executable, "-c", "import oort.cli; oort.cli.main()"]
PATIENCE = 60.0


class Served:
    """A running platform. Its log is read line by line, or not at all."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        self.process = process
        self.before: list[str] = []
        while "Listening" not in (line := json.loads(process.stdout.readline()))["message"]:
            self.before.append(line["message"])
        self.first = line
        self.trusted: Path | None = None  # the authority, if the platform speaks TLS
        url = next(word for word in self.first["message"].split() if "://" in word).rstrip(".")
        self.port = int(url.rpartition(":")[2])

    def connected(self) -> http.client.HTTPConnection:
        """Return a connection that is open."""
        connection = (
            http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            if self.trusted is None
            else http.client.HTTPSConnection(
                "localhost",
                self.port,
                timeout=PATIENCE,
                context=ssl.create_default_context(cafile=self.trusted),
            )
        )
        connection.connect()
        return connection

    def ask(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of a reply, on a new connection."""
        connection = self.connected()
        try:
            return asked(connection, method, path, body, **headers)
        finally:
            connection.close()

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.process.send_signal(signal.SIGTERM)

    def log(self) -> list[dict[str, Any]]:
        """Return the rest of the log; it ends with the process."""
        assert self.process.stdout is not None
        lines = self.process.stdout.read().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


def asked(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: object = None,
    **headers: str,
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of a reply."""
    data = None if body is None else json.dumps(body)
    more = {"content-type": "application/json"} if data else {}
    connection.request(method, path, data, {**more, **headers})
    reply = connection.getresponse()
    return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()


@contextmanager
def served(folder: Path, *words: str) -> Iterator[Served]:
    """Run `oort serve` on a free port. It is killed at the end if it still runs."""
    command = [*OORT, "serve", str(folder), "--port", "0", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ})
    try:
        yield Served(process)
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
