"""What a source file imports, by sight."""

import pytest

from oort.delivery.imports import read


def names(source: str, *, package: str = "shop.orders") -> list[str]:
    return [one.name for one in read(source.encode(), package=package)]


def optional(source: str) -> dict[str, bool]:
    return {one.name: one.optional for one in read(source.encode(), package="shop")}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a.b, c as d", ["a.b", "c"]),
        ("from a import b, c", ["a.b", "a.c"]),
        ("from a import *", ["a"]),
        ("from . import store", ["shop.orders.store"]),
        ("from .store import Orders", ["shop.orders.store.Orders"]),
        ("from ..contracts import billing", ["shop.contracts.billing"]),
        ("from .... import lost", []),  # leads out of every package: it cannot be imported
        ("def f():\n    import inner", ["inner"]),
        ("importlib.import_module('plug.in')", ["plug.in"]),
        ("import_module('.near', package=__package__)", ["shop.orders.near"]),
        ("__import__('old')", ["old"]),
        ("import_module(name)\nimport_module()\nother('no')\n(lambda: 1)()", []),
        ("outer(import_module('deep'))", ["deep"]),
    ],
)
def test_imports_are_found(source: str, expected: list[str]) -> None:
    assert names(source) == expected


def test_a_module_outside_packages_has_no_relative_imports() -> None:
    assert names("from . import a\nimport b", package="") == ["b"]


def test_what_is_for_type_checkers_is_passed_over() -> None:
    source = "if TYPE_CHECKING:\n    import a\nelse:\n    import b\nif not typing.TYPE_CHECKING:\n    import c\n"
    assert names(source) == ["b", "c"]


def test_an_import_that_may_fail_is_optional() -> None:
    source = """
try:
    import fast
except ImportError:
    import slow
else:
    import sure
try:
    import a
except (ValueError, ModuleNotFoundError):
    pass
try:
    import b
except:
    raise
try:
    import c
except KeyError:
    pass
with suppress(ImportError):
    import d
with opened() as file, lock:
    import e
"""
    assert optional(source) == {
        "fast": True, "slow": True, "sure": False, "a": True, "b": True, "c": False, "d": True, "e": False,
    }  # fmt: skip


def test_an_import_for_some_versions_or_systems_is_optional() -> None:
    source = "if sys.version_info < (3, 11):\n    import tomli\nif user.name:\n    import a\nif -flag:\n    import b\n"
    assert optional(source) == {"tomli": True, "a": False, "b": False}


def test_the_line_is_where_it_stands() -> None:
    assert [one.line for one in read(b"\n\nimport a\n", package="")] == [3]
