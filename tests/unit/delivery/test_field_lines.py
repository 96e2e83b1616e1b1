"""The lines of source that findings name: fields, classes and lock files."""

from pathlib import Path

import msgspec

from oort import Event, event
from oort.delivery import checking, field_lines
from oort.model.contracts import Finding, Weight
from oort.model.errors import Source
from oort.model.resources import Kind
from tests.unit.delivery.contracts_on_disk import place, platform


def test_a_service_without_a_lock_file_has_its_first_line(tmp_path: Path) -> None:
    finding = Finding(weight=Weight.NOTE, code="api.unlocked", subject="shop", what="", instead="")
    found = field_lines.with_source(finding, {}, {}, tmp_path)
    assert found.source == Source(str(tmp_path / "contracts/shop/openapi.json"), 1)


def test_a_class_without_a_readable_source_keeps_its_declaration(tmp_path: Path) -> None:
    with platform(tmp_path) as (project, program):
        kinds = checking.check(project, program).kinds
        kind = kinds["shop.placed", 1]
        named = Finding(
            weight=Weight.NOTE, code="", subject="shop.placed", version=1, name="note", holder="OrderPlaced",
            what="", instead="", source=Source("declared.py", 7),
        )  # fmt: skip
        assert field_lines.with_source(named, kinds, {}, project.folder).source != named.source
        module = kind.__module__
        kind.__module__ = "nowhere"
        assert field_lines.with_source(named, kinds, {}, project.folder).source == named.source
        kind.__module__ = module
        kind.__qualname__ = "Renamed"
        assert field_lines.with_source(named, kinds, {}, project.folder).source == named.source
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
        assert (
            place(field_lines.with_source(finding, {("lab.tree", 1): Tree}, {}, tmp_path)) == line
        )


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


def test_a_finding_about_items_names_the_line_of_the_field(tmp_path: Path) -> None:
    finding = Finding(
        weight=Weight.OBJECTION, code="", subject="lab.leaves", kind=Kind.TABLE, name="name", holder="Leaf",
        what="", instead="", source=Source("", 1),
    )  # fmt: skip
    types = {(Kind.TABLE, "lab.leaves"): (Leaf,)}
    assert place(field_lines.with_source(finding, {}, types, tmp_path)) == "name: str"


def test_a_table_that_is_gone_has_the_line_of_its_lock_file(tmp_path: Path) -> None:
    finding = Finding(
        weight=Weight.OBJECTION, code="data.gone", subject="lab.leaves", kind=Kind.TABLE, what="", instead="",
    )  # fmt: skip
    found = field_lines.with_source(finding, {}, {}, tmp_path)
    assert found.source == Source(str(tmp_path / "contracts/lab/tables/leaves.json"), 1)
