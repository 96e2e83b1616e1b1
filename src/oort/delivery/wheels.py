"""Fetches wheels for another kind of machine than this one, through pip and the user's own index, and keeps them in a cache.

`packages.complete` asks for them; planning and fingerprints need none.
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

# Runs pip with these arguments; its exit status and what it said.
Pip: TypeAlias = Callable[[Sequence[str]], tuple[int, str]]

_PATIENCE = timedelta(minutes=10)
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
    """Where wheels are kept, and how pip is called."""

    cache: Path
    pip: Pip

    def fetch(self, wheel: Wheel, *, target: Target) -> Path:
        """The wheel of exactly this version for the target. NotPackaged if there is none, or the index is out of reach."""
        folder = (
            self.cache / f"{target.runtime}-{target.architecture}" / f"{wheel.name}-{wheel.version}"
        )
        if kept := _kept(folder):
            return kept
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".") as fresh:
            status, said = self.pip(_arguments(wheel, target, fresh))
            found = list(Path(fresh).glob("*.whl"))
            if status or not found:
                raise _failure(wheel, target, said)
            return _keep(found[0], folder)


def files(path: Path) -> dict[str, bytes]:
    """What a wheel installs, by path. NotPackaged if it is no wheel."""
    found: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                installed = _installed_as(name)
                if installed and not name.endswith("/") and ships(installed):
                    found[installed] = archive.read(name)
    except (OSError, zipfile.BadZipFile) as error:
        raise NotPackaged(f"{path} is no wheel: {error}.", "Delete it and try again.") from error
    return found


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where fetched wheels are kept."""
    base = environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "oort" / "wheels"


def pip(arguments: Sequence[str], *, within: timedelta = _PATIENCE) -> tuple[int, str]:
    """Run the pip of this interpreter, quietly."""
    command = [sys.executable, "-m", "pip", *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=within.total_seconds(), check=False
        )  # noqa: S603
    except subprocess.TimeoutExpired:
        return 1, "Read timed out"
    return done.returncode, f"{done.stdout}{done.stderr}"


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


def _failure(wheel: Wheel, target: Target, said: str) -> NotPackaged:
    """One sentence for what pip said in many."""
    named = f"{wheel.name} {wheel.version}"
    if _NO_PIP in said:
        what = (
            f"The wheel of {named} for {target} is fetched with pip, and {sys.executable} has none."
        )
        return NotPackaged(what, "Install it: python -m ensurepip, or uv pip install pip.")
    if any(word in said for word in _OFFLINE):
        what = f"The wheel of {named} for {target} cannot be fetched: the package index does not answer."
        return NotPackaged(what, "Try again when it does; a wheel that was fetched once is kept.")
    if any(word in said for word in _NO_WHEEL):
        what = f"The package index has no wheel of {named} for {target}."
        instead = "Choose another runtime or architecture in the stage's table of oort.toml, or another version of it."
        return NotPackaged(what, instead)
    last = next((line for line in reversed(said.splitlines()) if line.strip()), "it said nothing")
    return NotPackaged(
        f"pip could not fetch {named} for {target}: {last.strip()}.", "Mend that and try again."
    )


def _kept(folder: Path) -> Path | None:
    """The wheel in a folder of the cache, if it is as it was when it was fetched."""
    for path in sorted(folder.glob("*.whl")):
        note = path.with_suffix(".sha256")
        if note.is_file() and note.read_text(encoding="ascii") == _digest(path):
            return path
    return None


def _keep(fresh: Path, folder: Path) -> Path:
    """Move a fetched wheel into the cache; its note last, so that half a wheel is never taken for one."""
    note = fresh.with_suffix(".sha256")
    note.write_text(_digest(fresh), encoding="ascii")
    for path in (fresh, note):
        path.replace(folder / path.name)
    return folder / fresh.name


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _installed_as(name: str) -> str:
    """Where an installer puts a wheel's file, relative to the modules; empty if it goes elsewhere. PEP 427."""
    first, _, rest = name.partition("/")
    if not first.endswith(".data"):
        return name
    scheme, _, inner = rest.partition("/")
    return inner if scheme in {"purelib", "platlib"} else ""
