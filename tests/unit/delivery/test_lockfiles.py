"""Lock files: the same bytes for the same contracts, and one clear sentence for every damage."""

import json
from pathlib import Path
from typing import Any

import pytest

from oort.delivery import checking, lockfiles
from oort.model.contracts import Locks, Removed
from oort.model.errors import UnreadableContract
from oort.rules.contracts.locks import Changes
from tests.unit.delivery.contracts_on_disk import platform

EVENT = "contracts/shop.placed/1.json"
API = "contracts/shop/openapi.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A platform's folder with its lock files."""
    with platform(tmp_path) as (project, program):
        checking.lock(checking.check(project, program), stage="prod")
        return project.folder


def damaged(folder: Path, file: str = EVENT) -> str:
    with pytest.raises(UnreadableContract) as raised:
        lockfiles.read(folder)
    assert str(folder / file) in raised.value.what
    assert (
        raised.value.instead
        == "Take it back from version control, as it was when the stage was deployed. "
        "Then run oort contracts lock."
    )
    return raised.value.what


def edit(file: Path, **changes: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def test_the_files_are_plain_sorted_and_end_with_one_newline(folder: Path) -> None:
    text = (folder / EVENT).read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"
    assert str(folder) not in text
    assert set(json.loads(text)) == {
        "compatible", "consumers", "earlier", "event", "examples", "hash", "key", "producers", "published", "reader",
        "removed", "seal", "version", "writer",
    }  # fmt: skip
    assert set(json.loads((folder / API).read_text())) == {
        "hash",
        "openapi",
        "published",
        "seal",
        "service",
    }
    assert (folder / EVENT).stat().st_mode & 0o777 == 0o644


def test_what_was_written_is_read(folder: Path) -> None:
    locks = lockfiles.read(folder)
    event, api = locks.events["shop.placed", 1], locks.apis["shop"]
    assert lockfiles.content(event) == (folder / EVENT).read_bytes()
    assert lockfiles.content(api) == (folder / API).read_bytes()
    assert (event.producers, event.consumers, event.published) == (
        ("shop.place",),
        ("desk.show",),
        ("prod",),
    )
    assert bool(locks)
    assert not Locks()
    assert not lockfiles.read(folder / "elsewhere")


def test_all_members_are_kept(folder: Path) -> None:
    from dataclasses import replace

    event = lockfiles.read(folder).events["shop.placed", 1]
    more = replace(event, earlier=(event.revision,), removed=(Removed("/old", {"type": "string"}),))
    lockfiles.write(folder, Changes((more,), ()))
    assert lockfiles.read(folder).events["shop.placed", 1] == more
    lockfiles.write(folder, Changes((), (more,)))
    assert not (folder / EVENT).parent.exists()


def test_a_folder_with_other_files_stays(folder: Path) -> None:
    (folder / "contracts/shop.placed/README").write_text("Ours.")
    (folder / "contracts/shop.placed/prices.json").write_text("[]")
    (folder / "contracts/shop/__init__.py").write_text("")
    (folder / "contracts/notes").mkdir()
    locks = lockfiles.read(folder)
    lockfiles.write(folder, Changes((), (locks.events["shop.placed", 1],)))
    assert (folder / "contracts/shop.placed/README").exists()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"{", "truncated"),
        (b'{"event": "\xff"}', "utf-8"),
        (b'{"writer": ' * 100_000, "recursion"),
        (b"{}", "missing required field"),
        (b"[]", "Expected `object`"),
    ],
)
def test_a_damaged_file_is_named(folder: Path, text: bytes, why: str) -> None:
    (folder / EVENT).write_bytes(text)
    assert why.lower() in damaged(folder).lower()


def test_an_edit_by_hand_is_found(folder: Path) -> None:
    file = folder / EVENT
    good = file.read_bytes()
    edit(file, key="total")
    assert "does not match its content" in damaged(folder)
    file.write_bytes(good)
    edit(file, published=[])
    assert "it was changed by hand" in damaged(folder)
    file.write_bytes(good)
    edit(file, stage="prod")
    assert "unknown field `stage`" in damaged(folder)
    file.write_bytes(good)
    edit(file, version=2)
    assert "its content belongs to shop.placed version 2" in damaged(folder)
    file.write_bytes(good)
    whole = json.loads(good)
    revision = {name: whole[name] for name in ("hash", "key", "writer", "reader")}
    edit(file, earlier=[{**revision, "key": "total"}])
    assert "does not match its content" in damaged(folder)


def test_an_edit_of_routes_is_found(folder: Path) -> None:
    file = folder / API
    good = file.read_bytes()
    edit(file, openapi={})
    assert "does not match its content" in damaged(folder, API)
    file.write_bytes(good)
    edit(file, service="desk")
    assert "its content belongs to the service desk" in damaged(folder, API)


def test_what_cannot_be_read_or_written_is_said(folder: Path) -> None:
    locks = lockfiles.read(folder)
    (folder / EVENT).unlink()
    (folder / EVENT).mkdir()
    assert "Is a directory" in damaged(folder)
    with pytest.raises(UnreadableContract, match="cannot be written"):
        lockfiles.write(folder, Changes((locks.apis["shop"], locks.events["shop.placed", 1]), ()))
    assert [file.name for file in folder.rglob(".*.json.*")] == []


def test_lock_files_are_known_by_their_place(folder: Path) -> None:
    assert lockfiles.is_lock_file(folder / EVENT)
    assert lockfiles.is_lock_file(folder / API)
    assert not lockfiles.is_lock_file(folder / "contracts/shop/prices.json")
    assert not lockfiles.is_lock_file(folder / "data/shop.placed/1.json")
    assert not lockfiles.is_lock_file(folder.parent / EVENT)
