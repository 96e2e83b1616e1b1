"""How the programs under measurement are started: Oort from .venv, the rivals from .tools/bench, all state in a scratch folder."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from benchmarks.processes import ROOT, NotStarted, Server, free_port, serving
from tests.emulators.processes import kinds

RIVALS = ROOT / ".tools" / "bench" / "bin" / "python"
RIVAL_PROGRAMS = ROOT / "benchmarks" / "rivals"
SUBJECT = ROOT / "benchmarks" / "subject"
READY = "/notes/ready"
QUEUE_SUBJECT = ROOT / "benchmarks" / "subject_queue"
QUEUE_READY = "/jobs/ready"
EMULATORS = ROOT / ".tools" / "emulators" / "bin" / "python"
_OORT = [sys.executable, "-c", "from oort.cli import main; main()"]


@dataclass(frozen=True, slots=True)
class Emulator:
    """An emulator of AWS that answers: the address of its queue, and the path of its route."""

    server: Server
    queue: str
    route: str = ""


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder on the disk of the repository, so that every contender syncs to the same one; it goes at the end."""
    above = ROOT / ".cache" / "bench"
    above.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=above) as folder:
        yield Path(folder)


@contextmanager
def oort(
    app: Path, folder: Path, *, ready: str, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """`oort dev` on the app, as a user starts it: encrypted state, log lines, traces. Its keys stay in the folder."""
    command = [*_OORT, "dev", str(app), "--port", "{port}", "--state", str(folder / "state")]
    variables = {**_home(folder), **(environment or {})}
    with serving(command, ready=ready, log=folder / "oort.log", environment=variables) as server:
        yield server


@contextmanager
def served(app: Path, folder: Path, *, ready: str) -> Iterator[Server]:
    """`oort serve` on the app, as it runs for users."""
    command = [*_OORT, "serve", str(app), "--port", "{port}", "--state", str(folder / "state")]
    with serving(
        command, ready=ready, log=folder / "oort.log", environment=_home(folder)
    ) as server:
        yield server


@contextmanager
def fastapi(folder: Path) -> Iterator[Server]:
    """FastAPI with the work and nothing beside it."""
    with _uvicorn("fastapi_notes", folder, {}) as server:
        yield server


@contextmanager
def fastapi_equal(folder: Path) -> Iterator[Server]:
    """FastAPI with what Oort does beside the work. It knows the callers of `caller_token`."""
    key = folder / "caller.pem"
    with _uvicorn(
        "fastapi_equal",
        folder,
        {"BENCH_KEY": str(key), "BENCH_SPANS": str(spans(folder))},
    ) as server:
        yield server


def spans(folder: Path) -> Path:
    """Where `fastapi_equal` writes its spans."""
    return folder / "spans.db"


def caller_token(folder: Path) -> str:
    """A bearer token for `fastapi_equal`. Writes the public key that verifies it; call it before the server starts."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / "caller.pem").write_bytes(public)
    return jwt.encode({"sub": "ada", "exp": int(time.time()) + 3600}, key, algorithm="RS256")


@contextmanager
def _uvicorn(module: str, folder: Path, environment: Mapping[str, str]) -> Iterator[Server]:
    """One uvicorn worker at its fastest: uvloop, httptools, no access log."""
    command = [str(RIVALS), "-m", "uvicorn", "--app-dir", "benchmarks/rivals", f"{module}:app"]
    command += ["--port", "{port}", "--loop", "uvloop", "--http", "httptools"]
    command += ["--no-access-log", "--log-level", "warning"]
    database = {"BENCH_DATABASE": str(folder / f"{module}.db")}
    log = folder / f"{module}.log"
    with serving(command, ready=READY, log=log, environment={**database, **environment}) as server:
        yield server


@contextmanager
def emulator(name: str, folder: Path, *, function: bool = False) -> Iterator[Emulator]:
    """ministack or moto, as the contract tests start them, with a table, a queue and perhaps a function behind a route."""
    port = free_port()
    kind = kinds(port, folder)[name]
    if not Path(kind.command[0]).exists():
        raise NotStarted(f"{name} is not installed: run `make bench`, which makes its environment.")
    fake = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "TMPDIR": str(folder)}
    with serving(
        kind.command,
        ready=kind.ready,
        log=folder / f"{name}.log",
        environment={**fake, **kind.settings},
        port=port,
    ) as server:
        words = [str(EMULATORS), str(RIVAL_PROGRAMS / "aws_setup.py"), f"http://127.0.0.1:{port}"]
        made = output([*words, "--function"] if function else words)
        yield Emulator(server, **msgspec.json.decode(made, type=dict[str, str]))


def token(folder: Path) -> str:
    """A bearer token for the platform whose state is in the folder."""
    command = [
        *_OORT,
        "token",
        "-C",
        str(SUBJECT),
        "--user",
        "ada",
        "--state",
        str(folder / "state"),
    ]
    return output(command, environment=_home(folder)).split()[-1]


def output(command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> str:
    """What the command prints. It must succeed."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def status(command: Sequence[str]) -> int:
    """The exit code of the command, whatever it is; nothing that it prints is shown."""
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode


def _home(folder: Path) -> dict[str, str]:
    return {"XDG_CONFIG_HOME": str(folder / "config")}
