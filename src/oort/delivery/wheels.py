"""Fetch wheels for another machine with pip from the user's package index, and cache them.

Only `packages.complete` uses this module. Plans and fingerprints need no wheels.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

from oort.delivery.installed import ships
from oort.delivery.targets import Target
from oort.model.delivery.packages import Wheel
from oort.model.errors import NotPackaged

# Runs pip with these arguments and returns its exit status and its output.
Pip: TypeAlias = Callable[[Sequence[str]], tuple[int, str]]

_PIP_TIMEOUT = timedelta(minutes=10)
_NO_PIP = "No module named pip"
_OFFLINE = (
    "Retrying (",
    "Failed to establish",
    "Temporary failure in name resolution",
    "Read timed out",
    "Connection",
)
_NO_WHEEL = ("No matching distribution", "Could not find a version")


@dataclass(frozen=True, slots=True)
class Wheels:
    """A cache folder for wheels, and a function that runs pip."""

    cache: Path
    pip: Pip

    def fetch(self, wheel: Wheel, *, target: Target) -> Path:
        """Return the wheel of exactly this version.

        NotPackaged if no wheel exists or the index cannot be reached.
        """
        folder = (
            self.cache / f"{target.runtime}-{target.architecture}" / f"{wheel.name}-{wheel.version}"
        )
        if cached := _cached(folder):
            return cached
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".") as fresh:
            status, output = self.pip(_arguments(wheel, target, fresh))
            fetched = list(Path(fresh).glob("*.whl"))
            if status or not fetched:
                raise _failure(wheel, target, output)
            return _move_into_cache(fetched[0], folder)


def files(path: Path) -> dict[str, bytes]:
    """Return the files that a wheel installs, by path. NotPackaged if the file is not a wheel."""
    content: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                installed = _installed_as(name)
                if installed and not name.endswith("/") and ships(installed):
                    content[installed] = archive.read(name)
    except (OSError, zipfile.BadZipFile) as error:
        raise NotPackaged(
            f"{path} is not a valid wheel: {error}.", "Delete it and try again."
        ) from error
    return content


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder for fetched wheels."""
    base = environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "oort" / "wheels"


def pip(arguments: Sequence[str], *, within: timedelta = _PIP_TIMEOUT) -> tuple[int, str]:
    """Run this interpreter's pip; return its exit status and its output."""
    command = [sys.executable, "-m", "pip", *arguments]
    try:
        process = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, timeout=within.total_seconds(), check=False
        )
    except subprocess.TimeoutExpired:
        return 1, "Read timed out"
    return process.returncode, f"{process.stdout}{process.stderr}"


def _arguments(wheel: Wheel, target: Target, folder: str) -> list[str]:
    major, minor = target.python
    quiet = ["--disable-pip-version-check", "--no-input", "--retries", "1", "--timeout", "15"]
    platforms = [word for name in target.platforms for word in ("--platform", name)]
    abis = [word for name in (f"cp{major}{minor}", "abi3", "none") for word in ("--abi", name)]
    python = ["--python-version", f"{major}.{minor}", "--implementation", "cp"]
    chosen = [
        "--no-deps",
        "--only-binary",
        ":all:",
        "--dest",
        folder,
        f"{wheel.name}=={wheel.version}",
    ]
    return ["download", "--quiet", *quiet, *platforms, *abis, *python, *chosen]


def _failure(wheel: Wheel, target: Target, output: str) -> NotPackaged:
    """Turn pip's output into one sentence."""
    named = f"{wheel.name} {wheel.version}"
    if _NO_PIP in output:
        what = (
            f"The wheel of {named} for {target} is fetched with pip, and {sys.executable} has none."
        )
        return NotPackaged(what, "Install it: python -m ensurepip, or uv pip install pip.")
    if any(word in output for word in _OFFLINE):
        what = f"The wheel of {named} for {target} cannot be fetched: the package index does not answer."
        return NotPackaged(what, "Try again later; fetched wheels are cached.")
    if any(word in output for word in _NO_WHEEL):
        what = f"The package index has no wheel of {named} for {target}."
        instead = "Choose another runtime or architecture in the stage's table of oort.toml, or another version of it."
        return NotPackaged(what, instead)
    last = next((line for line in reversed(output.splitlines()) if line.strip()), "no output")
    return NotPackaged(
        f"pip could not fetch {named} for {target}: {last.strip()}.", "Fix the cause and try again."
    )


def _cached(folder: Path) -> Path | None:
    """Return the cached wheel if its checksum is right."""
    for path in sorted(folder.glob("*.whl")):
        note = path.with_suffix(".sha256")
        if note.is_file() and note.read_text(encoding="ascii") == _digest(path):
            return path
    return None


def _move_into_cache(fresh: Path, folder: Path) -> Path:
    """Move a fetched wheel into the cache.

    The checksum moves last, so an incomplete wheel is never used.
    """
    note = fresh.with_suffix(".sha256")
    note.write_text(_digest(fresh), encoding="ascii")
    for path in (fresh, note):
        path.replace(folder / path.name)
    return folder / fresh.name


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _installed_as(name: str) -> str:
    """Return the installed path of a wheel's file, relative to the modules; empty for other
    targets.

    PEP 427.
    """
    first, _, below = name.partition("/")
    if not first.endswith(".data"):
        return name
    scheme, _, inner = below.partition("/")
    return inner if scheme in {"purelib", "platlib"} else ""
