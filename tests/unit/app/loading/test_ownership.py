"""Ownership: what a module imports is read from its file, and from the file as it is now."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

from oort import Service
from oort.app.loading import ownership
from oort.model.errors import Source


def services(*modules: str) -> Sequence[Service]:
    """A service for each module."""
    made = [Service(module.partition("_")[0]) for module in modules]
    for service, module in zip(made, modules, strict=True):
        service.declared.modules.add(module)
    return made


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the module `shop_handlers`; `bank_vault` is a module without one."""
    path = tmp_path / "shop_handlers.py"
    module = ModuleType("shop_handlers")
    module.__file__ = str(path)
    monkeypatch.setitem(sys.modules, "shop_handlers", module)
    monkeypatch.setitem(sys.modules, "bank_vault", ModuleType("bank_vault"))
    return path


def found(path: Path, text: str) -> list[Source | None]:
    """Where the file with this text imports the other service; every text has a time of its own."""
    times = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text)
    os.utime(path, ns=(times + 1_000_000_000, times + 1_000_000_000))
    return [
        mistake.source for mistake in ownership.imports(services("shop_handlers", "bank_vault"))
    ]


def test_a_file_that_changed_is_read_again(shop: Path) -> None:
    assert found(shop, "import json\n") == []
    assert found(shop, "\nimport bank_vault\n") == [Source(str(shop), 2)]
    assert found(shop, "import json\n") == []


def test_a_file_that_did_not_change_is_read_once(shop: Path) -> None:
    first = found(shop, "from bank_vault import key\n")
    state = shop.stat()
    shop.write_text("from bank_vault import lie\n")  # the same size and file
    os.utime(shop, ns=(state.st_atime_ns, state.st_mtime_ns))
    again = ownership.imports(services("shop_handlers", "bank_vault"))
    assert [mistake.source for mistake in again] == first


@pytest.mark.parametrize("text", ["import os, bank_vault", "from bank_vault import key"])
def test_every_form_of_import_counts(shop: Path, text: str) -> None:
    assert found(shop, text) == [Source(str(shop), 1)]


def test_a_service_alone_crosses_nothing(shop: Path) -> None:
    shop.write_text("no Python at all (")
    assert ownership.imports(services("shop_handlers")) == []


def test_a_module_of_two_services_belongs_to_neither(shop: Path) -> None:
    shop.write_text("import bank_vault")
    both = services("shop_handlers", "bank_vault")
    both[1].declared.modules.add("shop_handlers")
    assert ownership.imports(both) == []


def test_imports_of_a_module_without_a_file_are_not_read() -> None:
    both = services("builtins", "nowhere.at.all")
    assert ownership.imports(both) == []
