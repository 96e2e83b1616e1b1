"""The import graph of the repository's files: what a source text imports, and how far a change reaches."""

from pathlib import Path

import pytest

from scripts import import_graph


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("src/oort/rules/keys.py", "oort.rules.keys"),
        ("src/oort/__init__.py", "oort"),
        ("apps/shop/orders.py", "shop.orders"),
        ("tests/unit/test_a.py", "tests.unit.test_a"),
    ],
)
def test_a_file_is_imported_by_its_name(path: str, name: str) -> None:
    assert import_graph.module_name(path) == name


def test_imports_in_functions_and_names_that_may_be_modules_count() -> None:
    text = "import a.b\nfrom c import d\ndef f():\n    from e import g as h\n"
    assert import_graph.imported_names(text, "x.y", package=False) == [
        "a.b",
        "c",
        "c.d",
        "e",
        "e.g",
    ]


def test_a_relative_import_starts_from_the_package() -> None:
    assert import_graph.imported_names("from . import z", "x.y", package=False) == ["x", "x.z"]
    assert import_graph.imported_names("from .z import w", "x.y", package=True) == [
        "x.y.z",
        "x.y.z.w",
    ]


IMPORTS = {
    "src/oort/a.py": [],
    "src/oort/b.py": ["oort.a"],
    "src/oort/c.py": ["oort.b"],
    "src/oort/d.py": ["oort.d"],
    "tests/unit/test_c.py": ["oort.c", "pytest"],
}


def test_the_distance_is_the_number_of_imports_between() -> None:
    assert import_graph.distances(IMPORTS, ["src/oort/a.py"]) == {
        "src/oort/a.py": 0,
        "src/oort/b.py": 1,
        "src/oort/c.py": 2,
        "tests/unit/test_c.py": 3,
    }


def test_a_deleted_module_reaches_those_that_still_import_it() -> None:
    assert (
        import_graph.distances({"src/oort/b.py": ["oort.gone"]}, ["src/oort/gone.py"])[
            "src/oort/b.py"
        ]
        == 1
    )


def test_a_file_is_read_again_only_when_it_has_changed(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    module, cache = tmp_path / "src" / "a.py", tmp_path / "cache" / "imports.json"
    module.write_text("import b\n", encoding="utf-8")
    assert import_graph.read(tmp_path, cache) == {"src/a.py": ["b"]}
    cache.write_text(cache.read_text(encoding="utf-8").replace('"b"', '"kept"'), encoding="utf-8")
    assert import_graph.read(tmp_path, cache) == {"src/a.py": ["kept"]}
    module.write_text("import longer\n", encoding="utf-8")
    assert import_graph.read(tmp_path, cache) == {"src/a.py": ["longer"]}
    module.write_text("import (\n", encoding="utf-8")
    assert import_graph.read(tmp_path, cache) == {"src/a.py": []}
