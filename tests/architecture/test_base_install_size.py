"""`pip install oortcloud` stays small: the package and its dependencies, without extras, below 50 MB on disk."""

import shutil
import subprocess
import sys
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.source_tree import PACKAGE

LIMIT = 50 * 1000 * 1000  # decision 0015


def closure(name: str) -> dict[str, Distribution]:
    """Return every distribution of a plain install of ``name``, with ``name``."""
    found: dict[str, Distribution] = {}
    waiting: list[tuple[str, frozenset[str]]] = [(name, frozenset())]
    while waiting:
        wanted, extras = waiting.pop()
        key = canonicalize_name(wanted)
        found[key] = distribution(wanted)
        for requirement in map(Requirement, found[key].requires or []):
            environments = [{"extra": extra} for extra in ("", *extras)]
            needed = requirement.marker is None or any(
                map(requirement.marker.evaluate, environments)
            )
            if needed and canonicalize_name(requirement.name) not in found:
                waiting.append((requirement.name, frozenset(requirement.extras)))
    return found


def installed_bytes(found: Distribution) -> int:
    """Return the size of the installed files, byte code included."""
    assert found.files, f"{found.name} lists no files"
    paths = {Path(str(found.locate_file(file))) for file in found.files}
    return sum(path.stat().st_size for path in paths if path.exists())


def package_bytes(folder: Path) -> int:
    """The size of our own package as an installer writes it: sources, data, and byte code of each module."""
    installed = shutil.copytree(
        PACKAGE, folder / "oort", ignore=shutil.ignore_patterns("__pycache__")
    )
    command = [sys.executable, "-m", "compileall", "-q", str(installed)]
    subprocess.run(
        command, check=True
    )  # the editable install has byte code only of what was imported
    return sum(path.stat().st_size for path in installed.rglob("*") if path.is_file())


def test_the_base_install_is_below_fifty_megabytes(tmp_path: Path) -> None:
    sizes = {name: installed_bytes(found) for name, found in closure("oortcloud").items()}
    sizes["oortcloud"] += package_bytes(tmp_path)
    assert {"msgspec", "uvicorn", "cffi"} <= sizes.keys()  # direct and indirect ones were found
    assert "pytest" not in sizes
    assert sum(sizes.values()) < LIMIT, dict(sorted(sizes.items(), key=lambda item: -item[1]))
