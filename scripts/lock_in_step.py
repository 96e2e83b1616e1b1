"""Check that the locks agree with pyproject.toml. Part of `make check`; needs no network.

Every direct dependency must be pinned once, within its specifier and with a hash. Both locks must
pin the base equally. A lock must not name a package index. The emulators' lock must agree with its
list. `make lock` repairs all faults.
"""

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)(?P<rest>.*(?:\n    --hash=\S+.*)*)",
    re.MULTILINE,
)
INDEX = re.compile(
    r"^\s*(?:-i\b|--(?:extra-)?index-url|--find-links|--trusted-host)|\w+://", re.MULTILINE
)


def pins(lock: Path) -> tuple[dict[str, str], list[str]]:
    """Return the pinned versions of a lock by canonical name, and the faults of the lock."""
    text = lock.read_text(encoding="utf-8")
    versions: dict[str, str] = {}
    wrong = [f"{lock.name} names a package index"] if INDEX.search(text) else []
    for pin in PIN.finditer(text):
        name = canonicalize_name(pin["name"])
        if name in versions:
            wrong.append(f"{lock.name} pins {name} twice")
        if "--hash=sha256:" not in pin["rest"]:
            wrong.append(f"{lock.name} pins {name} without a hash")
        versions[name] = pin["version"]
    return versions, wrong


def unmet(wanted: list[str], lock: Path, versions: dict[str, str]) -> list[str]:
    """Return a sentence for each requirement that ``versions`` does not satisfy."""
    sentences: list[str] = []
    for requirement in map(Requirement, wanted):
        version = versions.get(canonicalize_name(requirement.name))
        if version is None:
            sentences.append(f"{lock.name} does not pin {requirement.name}")
        elif not requirement.specifier.contains(version, prereleases=True):
            sentences.append(
                f"{lock.name} pins {requirement.name} {version}, pyproject.toml wants {requirement.specifier}"
            )
    return sentences


def emulators(root: Path) -> list[str]:
    """Return differences between the emulators' lock and its list; none without these files."""
    source, lock = (
        root / "tests/emulators/requirements.in",
        root / "tests/emulators/requirements.lock",
    )
    if not source.exists():
        return []
    versions, wrong = pins(lock)
    lines = source.read_text(encoding="utf-8").splitlines()
    # What only another package asks for may have one version for each version of Python.
    wrong = [sentence for sentence in wrong if not sentence.endswith("twice")]
    return [
        *wrong,
        *unmet([line for line in lines if line and not line.startswith("#")], lock, versions),
    ]


def faults(root: Path) -> list[str]:
    """Return all differences between the locks under ``root`` and its pyproject.toml."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    base: list[str] = settings["project"]["dependencies"]
    dev: list[str] = settings["dependency-groups"]["dev"]
    base_lock, dev_lock = root / "requirements.lock", root / "requirements-dev.lock"
    base_pins, base_faults = pins(base_lock)
    dev_pins, dev_faults = pins(dev_lock)
    differing = [
        f"{name} is {version} in {base_lock.name} but {dev_pins.get(name, 'absent')} in {dev_lock.name}"
        for name, version in base_pins.items()
        if dev_pins.get(name) != version
    ]
    unmet_base, unmet_dev = (
        unmet(base, base_lock, base_pins),
        unmet([*base, *dev], dev_lock, dev_pins),
    )
    return [*base_faults, *dev_faults, *unmet_base, *unmet_dev, *differing, *emulators(root)]


def main() -> int:
    """Print the faults, or one line without faults."""
    found = faults(ROOT)
    for sentence in found:
        print(sentence, file=sys.stderr)
    print("run `make lock`" if found else "the locks agree with pyproject.toml")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
