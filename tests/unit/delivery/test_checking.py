"""A program held against its lock files on disk, and the lines of source that findings name."""

import gc
from pathlib import Path

import msgspec
import pytest

from oort import Event, event
from oort.delivery import checking, field_lines, lockfiles
from oort.delivery.checking import Checked
from oort.model.contracts import Finding, Weight
from oort.model.errors import InvalidProgram, Source
from tests.unit.delivery.contracts_on_disk import CONTRACTS, changed, platform


def again(root: Path, contracts: str = CONTRACTS, *, stage: str = "prod", **more: str) -> Checked:
    """Lock the platform, then check it with other contracts."""
    with platform(root) as (project, program):
        locked = checking.check(project, program)
        assert locked.objections == ()
        checking.lock(locked, stage=stage)
    with platform(root, contracts=contracts, **more) as (other, changed_program):
        (project.folder / "contracts").rename(root / "kept")
        for file in sorted((root / "kept").glob("*/*.json")):
            into = other.folder / "contracts" / file.parent.name
            into.mkdir(parents=True)
            file.rename(into / file.name)
        return checking.check(other, changed_program)


def place(one: Finding) -> str:
    assert one.source is not None
    file = Path(one.source.file)
    return file.read_text().splitlines()[one.source.line - 1].strip()


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("    to: Address\n", "    to: Address\n    by: str\n", "by: str"),
        ("    street_name: str", "    street_name: int", "street_name: int"),
        ("    total: int", "    total: str", "class OrderPlaced(Placed):"),  # it is inherited
        ("    to: Address\n", "", "class OrderPlaced(Placed):"),
    ],
)
def test_a_finding_names_the_line_of_its_field(
    tmp_path: Path, old: str, new: str, line: str
) -> None:
    found = again(tmp_path, changed(old, new))
    assert found.refuses_lock
    assert {place(one) for one in found.objections} == {line}


def test_what_a_lock_file_alone_knows_is_found_there(tmp_path: Path) -> None:
    shop = "from oort import Service\nshop = Service('shop')\n@shop.post('/other')\ndef place() -> None: ...\n"
    found = again(tmp_path, shop=shop)
    gone, removed = found.objections
    assert (gone.code, place(gone)) == ("contract.gone", "{")
    assert (removed.code, place(removed)) == ("api.removed", '"/shop": {')


def test_a_service_without_a_lock_file_has_its_first_line(tmp_path: Path) -> None:
    finding = Finding(weight=Weight.NOTE, code="api.unlocked", subject="shop", what="", instead="")
    found = field_lines.with_source(finding, {}, tmp_path)
    assert found.source == Source(str(tmp_path / "contracts/shop/openapi.json"), 1)


def test_a_class_without_a_readable_source_keeps_its_declaration(tmp_path: Path) -> None:
    with platform(tmp_path) as (project, program):
        kinds = checking.check(project, program).kinds
        kind = kinds["shop.placed", 1]
        named = Finding(
            weight=Weight.NOTE, code="", subject="shop.placed", version=1, name="note", holder="OrderPlaced",
            what="", instead="", source=Source("declared.py", 7),
        )  # fmt: skip
        assert field_lines.with_source(named, kinds, project.folder).source != named.source
        module = kind.__module__
        kind.__module__ = "nowhere"
        assert field_lines.with_source(named, kinds, project.folder).source == named.source
        kind.__module__ = module
        kind.__qualname__ = "Renamed"
        assert field_lines.with_source(named, kinds, project.folder).source == named.source
    broken = tmp_path / "broken.py"
    broken.write_text("class (")
    assert field_lines._lines(str(broken)) == {}
    assert field_lines._lines(str(tmp_path / "gone.py")) == {}


class Tree(Event):
    id: str
    inner: "list[Leaf]" = []


class Leaf(msgspec.Struct):
    name: str
    tree: Tree | None = None
    again: "Leaf | None" = None


event("lab.tree", version=1, key="id")(Tree)


def test_a_class_that_holds_itself_is_searched_once(tmp_path: Path) -> None:
    for holder, line in (("Leaf", "name: str"), ("Gone", "class Tree(Event):")):
        finding = Finding(
            weight=Weight.NOTE, code="", subject="lab.tree", version=1, name="name", holder=holder, what="", instead="",
            source=Source("", 1),
        )  # fmt: skip
        assert place(field_lines.with_source(finding, {("lab.tree", 1): Tree}, tmp_path)) == line


def test_classes_inside_functions_and_classes_are_found(tmp_path: Path) -> None:
    file = tmp_path / "nested.py"
    file.write_text(
        "class A:\n    class B:\n        x: int\n\ndef f():\n    if 1:\n        class C:\n            y: int\n"
    )
    assert field_lines._lines(str(file)) == {
        "A": {"": 1},
        "A.B": {"": 2, "x": 3},
        "f.C": {"": 7, "y": 8},
    }


def test_an_example_that_cannot_be_found_is_asked_for_when_it_is_locked(tmp_path: Path) -> None:
    contracts = changed(
        "    total: int", '    total: Annotated[str, msgspec.Meta(pattern="^(?=a)b$")]'
    )
    with platform(tmp_path, contracts=f"from typing import Annotated\n{contracts}") as (
        project,
        program,
    ):
        found = checking.check(project, program)
        with pytest.raises(InvalidProgram) as raised:
            checking.lock(found)
        (mistake,) = raised.value.mistakes
        assert (mistake.code, "total" in mistake.what) == ("contract.example", True)
        assert not (project.folder / "contracts/shop.placed").exists()
    after = again(tmp_path, f"from typing import Annotated\n{contracts}")
    assert {one.code for one in after.objections} == {"contract.breaking", "contract.unknown"} & {
        one.code for one in after.objections
    }


def test_what_is_published_is_that_of_the_deployed_services(tmp_path: Path) -> None:
    with platform(tmp_path) as (project, program):
        found = checking.check(project, program)
        assert not checking.publish(found, services=["shop"], stage="prod")  # it has no lock files
        checking.lock(found)
        locked = checking.check(project, program)
        checking.publish(locked, services=["desk"], stage="test")
        locks = lockfiles.read(project.folder)
        assert (locks.events["shop.placed", 1].published, locks.apis["shop"].published) == (
            ("test",),
            (),
        )
        checking.publish(checking.check(project, program), services=["shop"], stage="prod")
        locks = lockfiles.read(project.folder)
        assert (locks.events["shop.placed", 1].published, locks.apis["shop"].published) == (
            ("prod", "test"),
            ("prod",),
        )


def test_the_collector_is_as_it_was(tmp_path: Path) -> None:
    with platform(tmp_path) as (project, program):
        checking.check(project, program)
        assert gc.isenabled()
        gc.disable()
        try:
            checking.check(project, program)
            assert not gc.isenabled()
        finally:
            gc.enable()
