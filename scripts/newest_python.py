"""Print the path of the newest Python on this machine, or nothing if it is the Python that runs.

The script looks for pythonX.Y on PATH and for the versions that pyenv has installed.
"""

import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

LEAST, MOST = 11, 30  # minor versions
_SECONDS = 20


def candidates() -> Iterator[str]:
    """Yield the paths of the Pythons on this machine, this one first."""
    yield sys.executable
    for minor in range(LEAST, MOST):
        if found := shutil.which(f"python3.{minor}"):
            yield found
    if shutil.which("pyenv"):
        root = subprocess.run(
            ["pyenv", "root"], capture_output=True, text=True, check=False, timeout=_SECONDS
        )
        versions = Path(root.stdout.strip()) / "versions"
        yield from map(str, sorted(versions.glob("3.*/bin/python")))


def version(path: str) -> tuple[int, ...]:
    """Return the version of a Python; empty if it does not run, or is a release candidate."""
    code = "import platform, sys; print(platform.python_version(), sys.version_info.releaselevel)"
    try:
        done = subprocess.run(
            [path, "-c", code], capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    number, _, level = done.stdout.strip().partition(" ")
    if done.returncode or level != "final":
        return ()
    return tuple(map(int, number.split(".")))


def newest(paths: Iterator[str]) -> str:
    """Return the path with the highest version; of equal versions the first."""
    known: dict[tuple[int, ...], str] = {}
    for path in paths:
        if found := version(path):
            known.setdefault(found, path)
    return known[max(known)]


def main() -> int:
    """Print the path; what was chosen goes to the other stream."""
    chosen = newest(candidates())
    number = ".".join(map(str, version(chosen)))
    if number == platform.python_version():
        print(f"Python {number} is the newest here.", file=sys.stderr)
    else:
        print(f"The newest Python here is {number}.", file=sys.stderr)
        print(chosen)
    return 0


if __name__ == "__main__":
    sys.exit(main())
