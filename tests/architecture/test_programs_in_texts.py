"""Programs that stand as text in a benchmark, a script or a crash test import what exists.

No type checker reads such a text, and the gate runs few of them.
"""

import importlib
import re
from pathlib import Path

import pytest

from tests.architecture.source_tree import ROOT

FOLDERS = ("benchmarks", "scripts", "tests/crash", "tests/e2e", "tests/emulators")
IMPORT = re.compile(r"^\s*from (oort(?:\.\w+)*) import (\w+(?:, \w+)*)", re.MULTILINE)


def missing(text: str) -> list[str]:
    """The imports from Oort that have no module or no such name."""
    return [
        f"{module}.{name}"
        for module, names in IMPORT.findall(text)
        for name in names.split(", ")
        if not exists(module, name)
    ]


def exists(module: str, name: str) -> bool:
    try:
        if hasattr(importlib.import_module(module), name):
            return True
        importlib.import_module(f"{module}.{name}")
    except ModuleNotFoundError:
        return False
    return True


def sources() -> list[Path]:
    return [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_import_from_oort_exists(path: Path) -> None:
    assert missing(path.read_text(encoding="utf-8")) == []


def test_an_old_place_is_noticed() -> None:
    assert missing(
        'PROGRAM = """\nfrom oort.nowhere import main\nfrom oort import Nobody\n"""'
    ) == [
        "oort.nowhere.main",
        "oort.Nobody",
    ]
