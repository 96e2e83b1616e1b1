"""`pip install oortcloud` stays small: the package and its dependencies, without extras, below 50 MiB on disk."""

from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import oort

LIMIT = 50 * 1024 * 1024  # decision 0011


def closure(name: str) -> dict[str, Distribution]:
    """Every distribution that a plain install of ``name`` brings to this machine, itself included."""
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
    """The size of the files an installer wrote, byte code included."""
    assert found.files, f"{found.name} lists no files"
    paths = {Path(str(found.locate_file(file))) for file in found.files}
    return sum(path.stat().st_size for path in paths if path.exists())


def package_bytes() -> int:
    """Our own package, which the editable install only links to."""
    folder = Path(oort.__file__).parent
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_the_base_install_is_below_fifty_mebibytes() -> None:
    sizes = {name: installed_bytes(found) for name, found in closure("oortcloud").items()}
    sizes["oortcloud"] += package_bytes()
    assert {"msgspec", "uvicorn", "cffi"} <= sizes.keys()  # direct and indirect ones were found
    assert "pytest" not in sizes
    assert sum(sizes.values()) < LIMIT, dict(sorted(sizes.items(), key=lambda item: -item[1]))
