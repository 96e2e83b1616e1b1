"""How the programs under measurement are started: Oort from .venv, the rivals from .tools/bench, all state in a scratch folder."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.processes import ROOT, Server, serving

RIVALS = ROOT / ".tools" / "bench" / "bin" / "python"
SUBJECT = ROOT / "benchmarks" / "subject"
READY = "/notes/ready"
_OORT = [sys.executable, "-c", "from oort.cli import main; main()"]


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder on the disk of the repository, so that every contender syncs to the same one; it goes at the end."""
    above = ROOT / ".cache" / "bench"
    above.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=above) as folder:
        yield Path(folder)


@contextmanager
def oort(app: Path, folder: Path, *, ready: str) -> Iterator[Server]:
    """`oort dev` on the app, as a user starts it: encrypted state, log lines, traces. Its keys stay in the folder."""
    command = [*_OORT, "dev", str(app), "--port", "{port}", "--state", str(folder / "state")]
    with serving(
        command, ready=ready, log=folder / "oort.log", environment=_home(folder)
    ) as server:
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
    """FastAPI on one uvicorn worker, at its fastest: uvloop, httptools, no access log."""
    command = [
        str(RIVALS),
        "-m",
        "uvicorn",
        "--app-dir",
        "benchmarks/rivals",
        "fastapi_notes:app",
        "--port",
        "{port}",
    ]
    command += [
        "--loop",
        "uvloop",
        "--http",
        "httptools",
        "--no-access-log",
        "--log-level",
        "warning",
    ]
    environment = {"BENCH_DATABASE": str(folder / "fastapi.db")}
    with serving(
        command, ready=READY, log=folder / "fastapi.log", environment=environment
    ) as server:
        yield server


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
