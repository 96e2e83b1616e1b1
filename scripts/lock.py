"""Write the locks anew: those of Oort from pyproject.toml, those of the emulators and of uv from lists beside them.

`make lock` runs this script. The locks are valid for all platforms and for Python 3.11 and newer, have hashes and name no
package index. An unchanged lock is not written, so that `.venv` is not made again.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # it is started as a file

from scripts import environments  # noqa: E402

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
    "scripts/uv/requirements.lock": ("scripts/uv/requirements.in", []),
}


def compiled(uv: Path, source: str, locked: str, options: list[str]) -> str:
    """Return the new text of a lock for `source`. Versions in ``locked`` stay, unless ``options``
    has `--upgrade`."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "lock"
        output.write_text(locked, encoding="utf-8")
        command = [
            str(uv),
            "pip",
            "compile",
            source,
            *SETTINGS,
            *options,
            "--output-file",
            str(output),
        ]
        variables = {**os.environ, **environments.index_for_uv(uv)}
        subprocess.run(command, cwd=ROOT, check=True, env=variables)
        return HEADER.format(source=source) + output.read_text(encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Compile all locks; the arguments go to uv."""
    uv = environments.installed_uv()
    if uv is None:
        print("lock.py: uv could not be installed, see above; no lock was written", file=sys.stderr)
        return 1
    for name, (source, options) in LOCKS.items():
        lock = ROOT / name
        before = lock.read_text(encoding="utf-8") if lock.exists() else ""
        after = compiled(uv, source, before, [*options, *arguments])
        if after != before:
            lock.write_text(after, encoding="utf-8")
        print(f"{name}: {'unchanged' if after == before else 'written'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
