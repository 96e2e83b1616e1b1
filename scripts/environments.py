"""Make a virtual environment from a lock; called by the Makefile, with the Python that the environment gets.

Usage: environments.py FOLDER LOCK, or environments.py FOLDER --editable, which installs Oort itself in it. uv needs a tenth of
the time of pip. It comes from its own lock into `.tools/uv`, and takes the package index that pip is set to. If uv cannot be
installed, or fails, pip does the same work. Both check the hashes of the lock.
"""

import os
import subprocess
import sys
import venv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools" / "uv"
UV_LOCK = ROOT / "scripts" / "uv" / "requirements.lock"
PIP = ["--disable-pip-version-check", "--no-input"]
LOCKED = ["--quiet", "--no-deps", "--require-hashes", "-r"]
EDITABLE = ["--quiet", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
_TO_PIP = "environments.py: uv failed, see above; pip does the work instead, which takes longer"

# Runs a command with further variables of the environment; returns its exit status.
Run = Callable[[Sequence[str], Mapping[str, str]], int]


def run(command: Sequence[str], variables: Mapping[str, str]) -> int:
    """Run a command and show its output as it comes."""
    return subprocess.run(command, check=False, env={**os.environ, **variables}).returncode


def index_of_pip(settings: str) -> str | None:
    """Return the package index from the output of `pip config list`; None if it is not set."""
    for line in settings.splitlines():
        name, _, value = line.partition("=")
        if name.endswith(".index-url"):
            return value.strip("'\"")
    return None


def installed_uv(folder: Path = TOOLS, lock: Path = UV_LOCK) -> Path | None:
    """Return the path of uv. Install it first if it is not there or not that of the lock; None if that fails."""
    stamp, wanted = folder / ".locked", lock.read_text(encoding="utf-8")
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        venv.create(folder, with_pip=True, symlinks=True, clear=True)
        python = str(folder / "bin" / "python")
        if run([python, "-m", "pip", *PIP, "install", "--no-compile", *LOCKED, str(lock)], {}):
            return None
        stamp.write_text(wanted, encoding="utf-8")
    return folder / "bin" / "uv"


def index_for_uv(uv: Path) -> dict[str, str]:
    """Return the variable that gives uv the index of pip, if pip has one of its own."""
    listed = subprocess.run(
        [str(uv.with_name("python")), "-m", "pip", "config", "list"],
        capture_output=True,
        text=True,
        check=False,
    )
    index = index_of_pip(listed.stdout)
    return {"UV_DEFAULT_INDEX": index} if index else {}


def install(folder: Path, what: Sequence[str], *, uv: Path | None, run: Run = run) -> int:
    """Install into an environment, with uv if that works and with pip if not. Return the exit status."""
    python = str(folder / "bin" / "python")
    if uv is not None:
        if not run([str(uv), "pip", "install", "--python", python, *what], index_for_uv(uv)):
            return 0
        print(_TO_PIP, file=sys.stderr)
    # Without compiled files: Python compiles what is imported, which is a small share.
    return run([python, "-m", "ensurepip"], {}) or run(
        [python, "-m", "pip", *PIP, "install", "--no-compile", *what], {}
    )


def main(arguments: list[str]) -> int:
    """Make the environment anew, or install Oort in it."""
    folder, lock = Path(arguments[0]), arguments[1]
    if lock == "--editable":
        return install(folder, EDITABLE, uv=installed_uv())
    print(f"Making {folder} from {lock}", flush=True)
    uv = installed_uv()
    venv.create(folder, symlinks=True, clear=True)
    return install(folder, [*LOCKED, lock], uv=uv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
