"""Writes requirements.lock and requirements-dev.lock from pyproject.toml, and the lock of the emulators from its own list;
run by `make lock` with the path of uv.

The locks hold for every platform and for Python 3.11 and newer, carry hashes and name no package index. A lock that
would not change is left alone, so that `.venv` is not made again for nothing.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Written by `make lock` from {source}; do not edit.\n"
SETTINGS = [
    "--universal",
    "--python-version",
    "3.11",
    "--generate-hashes",
    "--no-header",
    "--quiet",
]
LOCKS: dict[str, tuple[str, list[str]]] = {
    "requirements.lock": ("pyproject.toml", []),
    "requirements-dev.lock": ("pyproject.toml", ["--group", "dev"]),
    "tests/emulators/requirements.lock": ("tests/emulators/requirements.in", []),
}


def compiled(uv: str, source: str, locked: str, options: list[str]) -> str:
    """The new text of a lock of what `source` asks for; versions in ``locked`` are kept unless ``options`` says ``--upgrade``."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "lock"
        output.write_text(locked, encoding="utf-8")
        command = [uv, "pip", "compile", source, *SETTINGS, *options, "--output-file", str(output)]
        subprocess.run(command, cwd=ROOT, check=True)
        return HEADER.format(source=source) + output.read_text(encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Compile all locks with the uv named first; further arguments are passed to it."""
    uv = str(Path(arguments[0]).resolve())
    for name, (source, options) in LOCKS.items():
        lock = ROOT / name
        before = lock.read_text(encoding="utf-8") if lock.exists() else ""
        after = compiled(uv, source, before, [*options, *arguments[1:]])
        if after != before:
            lock.write_text(after, encoding="utf-8")
        print(f"{name}: {'unchanged' if after == before else 'written'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
