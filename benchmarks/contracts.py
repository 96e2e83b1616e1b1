"""Claim: `oort contracts check` takes less than a second for 200 events in 10 versions each, of which a few have changed.

The platform is written to a scratch folder, locked as published, and then some classes get a field.
The check itself is timed in a process that has loaded the program; the whole command, importing
2,000 classes, beside it.
"""

import sys
import time
from pathlib import Path
from statistics import median

from benchmarks import programs
from benchmarks.effort import Effort
from benchmarks.figures import Figure

EVENTS = 200
VERSIONS = 10
CHANGED = 5

_HEAD = """
from datetime import datetime

import msgspec

from oort import Event, event


class Address(msgspec.Struct):
    street: str
    city: str
"""
_CLASS = """

@event("svc.made-{number}", version={version}, key="id")
class Made{number}V{version}(Event):
    id: str
    email: str
    at: datetime
    amount: int
    address: Address
    lines: list[Address] = []
    note: str | None = None
"""
_HANDLER = """

@svc.post("/{number}", public=True)
def make_{number}(out: Publish[{kinds}]) -> None: ...
"""
_TIMED = """
import sys, time
from pathlib import Path
from oort.cli.wiring import platforms
from oort.delivery import checking
loaded = platforms.load(Path(sys.argv[1]))
began = time.perf_counter()
found = checking.check(*loaded)
print(time.perf_counter() - began, len(found.declared.events), len(found.objections), len(found.outdated))
"""
_OORT = [sys.executable, "-c", "from oort.cli import main; main()", "contracts"]


def measure(effort: Effort) -> list[Figure]:
    """Lock it, change a few, and check it again and again."""
    with programs.scratch() as folder:
        write(folder)
        programs.output([*_OORT, "lock", str(folder), "--publish", "prod"])
        change(folder)
        programs.output([*_OORT, "lock", str(folder)])
        change(folder)  # so that they differ from their lock, and from an earlier revision
        checks = [_checked(folder) for _ in range(effort.rounds)]
        whole = [_whole(folder) for _ in range(effort.starts)]
    size = f"{EVENTS} events, {VERSIONS} versions each, {CHANGED} changed"
    return [
        Figure("contracts.check", f"{size}: the check", median(checks), "s"),
        Figure("contracts.command", f"{size}: the whole command", median(whole), "s"),
    ]


def write(folder: Path) -> None:
    """Write the platform: one service that publishes every version of every event."""
    contracts, service = (
        [_HEAD],
        ["from contracts import *\nfrom oort import Publish, Service\n\nsvc = Service('svc')\n"],
    )
    for number in range(EVENTS):
        versions = range(1, VERSIONS + 1)
        contracts += [_CLASS.format(number=number, version=version) for version in versions]
        kinds = " | ".join(f"Made{number}V{version}" for version in versions)
        service.append(_HANDLER.format(number=number, kinds=kinds))
    (folder / "contracts").mkdir()
    (folder / "contracts" / "__init__.py").write_text("".join(contracts))
    (folder / "service.py").write_text("".join(service))
    (folder / "oort.toml").write_text('name = "many"\nservices = ["service"]\n')


def change(folder: Path) -> None:
    """Give the first versions of a few events one more field that has a default."""
    file = folder / "contracts" / "__init__.py"
    text = file.read_text()
    for number in range(CHANGED):
        head = f"class Made{number}V1(Event):\n"
        end = text.index("    note: str | None = None\n", text.index(head))
        text = f"{text[:end]}    more_{text.count('more_')}: int = 0\n{text[end:]}"
    file.write_text(text)


def _checked(folder: Path) -> float:
    seconds, *counts = programs.output([sys.executable, "-c", _TIMED, str(folder)]).split()
    assert [int(count) for count in counts] == [
        EVENTS * VERSIONS,
        0,
        CHANGED,
    ]  # none breaks, each is to be locked
    return float(seconds)


def _whole(folder: Path) -> float:
    began = time.perf_counter()
    found = programs.status([*_OORT, "check", str(folder)])
    assert found == 0
    return time.perf_counter() - began
