"""Which files of a project are a service's own."""

from pathlib import Path

import pytest

from oort.delivery.modules import Tree
from oort.model.errors import InvalidProgram
from tests.unit.delivery.installs import write

SHOP = {
    "shop/__init__.py": "",
    "shop/oort.toml": "",
    "shop/.oort/state.db": "",
    "shop/money.py": "from shop.deep import rounding",
    "shop/unused.py": "import nothing_like_it",
    "shop/deep/__init__.py": "",
    "shop/deep/rounding.py": "from decimal import Decimal",
    "shop/deep/rates.json": "{}",
    "shop/contracts/__init__.py": "",
    "shop/contracts/orders.py": "import oort",
    "shop/contracts/billing.py": "import oort",
    "shop/orders/__init__.py": "from . import http",
    "shop/orders/http.py": "from shop.contracts import orders\nfrom shop.money import add\nimport msgspec\n",
    "shop/orders/text/hello.txt": "hello",
    "shop/orders/.env": "SECRET=1",
    "shop/orders/__pycache__/http.cpython-311.pyc": "",
    "shop/orders/old.pyc": "",
    "shop/orders/tests/test_http.py": "import pytest",
    "shop/orders/conftest.py": "import pytest",
    "shop/orders/test_http.py": "import pytest\ndef test_it(): ...",
    "shop/orders/test_tubes.py": "import glass",  # a module of theirs: its name alone makes no test
    "shop/orders/templates/new.py": "this is {no} Python",
    "shop/billing/__init__.py": "",
    "shop/billing/http.py": "from shop.orders import contracts",
}
ENTRIES = ["shop.orders", "shop.billing"]


def shipped(root: Path, entries: list[str], *, among: list[str] = ENTRIES) -> set[str]:
    return {
        path.relative_to(root).as_posix()
        for path in Tree(root, entries=among).files_of(entries).files
    }


def test_a_service_ships_its_package_and_what_that_imports(tmp_path: Path) -> None:
    assert shipped(write(tmp_path, SHOP), ["shop.orders"]) == {
        "shop/__init__.py",
        "shop/money.py",
        "shop/deep/__init__.py",
        "shop/deep/rounding.py",
        "shop/deep/rates.json",  # what lies beside a shared module is read by it
        "shop/contracts/__init__.py",
        "shop/contracts/orders.py",
        "shop/orders/__init__.py",
        "shop/orders/http.py",
        "shop/orders/text/hello.txt",
        "shop/orders/test_tubes.py",
        "shop/orders/templates/new.py",
    }


def test_what_it_imports_from_elsewhere_has_file_and_line(tmp_path: Path) -> None:
    own = Tree(write(tmp_path, SHOP), entries=ENTRIES).files_of(["shop.orders"])
    found = {(one.imported.name, one.imported.line, one.file.name) for one in own.foreign}
    assert found == {("oort", 1, "orders.py"), ("msgspec", 3, "http.py"), ("decimal.Decimal", 1, "rounding.py"),
                     ("glass", 1, "test_tubes.py")}  # fmt: skip


def test_contracts_inside_another_service_bring_what_they_need_and_no_more(tmp_path: Path) -> None:
    inside = {
        "shop/orders/contracts.py": "import oort",
        "shop/orders/__init__.py": "",
        "shop/orders/data.csv": "",
        "shop/billing/http.py": "from shop.orders.contracts import Placed",
    }
    assert shipped(write(tmp_path, SHOP | inside), ["shop.billing"]) == {
        "shop/__init__.py", "shop/billing/__init__.py", "shop/billing/http.py", "shop/orders/__init__.py",
        "shop/orders/contracts.py",
    }  # fmt: skip


def test_a_service_package_around_another_leaves_it_behind(tmp_path: Path) -> None:
    tree = {
        "all/__init__.py": "",
        "all/a.py": "",
        "all/inner/__init__.py": "",
        "all/inner/b.py": "",
        "all/mod.py": "",
    }
    write(tmp_path, tree)
    entries = ["all", "all.inner", "all.mod"]
    assert shipped(tmp_path, ["all"], among=entries) == {"all/__init__.py", "all/a.py"}
    assert shipped(tmp_path, ["all", "all.inner"], among=entries) == {"all/__init__.py", "all/a.py",
                                                                      "all/inner/__init__.py", "all/inner/b.py"}  # fmt: skip
    assert shipped(tmp_path, ["all.mod"], among=entries) == {"all/__init__.py", "all/mod.py"}


def test_a_service_may_be_one_module_beside_others(tmp_path: Path) -> None:
    write(tmp_path, {"app.py": "import near", "near.py": "", "far.py": "", "notes.txt": ""})
    assert shipped(tmp_path, ["app"], among=["app"]) == {"app.py", "near.py"}


def test_folders_without_init_are_packages_too(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "space/svc/a.py": "import space.shared.b",
            "space/shared/b.py": "",
            "space/svc/sub/c.py": "import x",
        },
    )
    tree = Tree(tmp_path, entries=["space.svc"])
    own = tree.files_of(["space.svc"])
    assert {path.name for path in own.files} == {"a.py", "b.py", "c.py"}
    assert own.foreign == ()  # sub is no package, so nothing is told to import it


def test_a_test_that_is_imported_ships(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"svc/__init__.py": "from svc import test_data", "svc/test_data.py": "def test_x(): ..."},
    )
    assert shipped(tmp_path, ["svc"], among=["svc"]) == {"svc/__init__.py", "svc/test_data.py"}


def test_a_syntax_error_has_file_and_line(tmp_path: Path) -> None:
    write(tmp_path, {"svc/__init__.py": "", "svc/test_broken.py": "\ndef (:\n"})
    with pytest.raises(InvalidProgram, match=r"test_broken\.py:2: invalid syntax"):
        shipped(tmp_path, ["svc"], among=["svc"])


def test_lock_files_of_contracts_stay_behind_and_other_data_comes_along(tmp_path: Path) -> None:
    files = {
        "shop/__init__.py": "from shop.contracts import orders",
        "shop/oort.toml": "",
        "shop/contracts/__init__.py": "",
        "shop/contracts/prices.json": "{}",
        "shop/contracts/orders.placed/1.json": "{}",
        "shop/contracts/orders/__init__.py": "",
        "shop/contracts/orders/openapi.json": "{}",
        "shop/contracts/orders/countries.json": "{}",
    }
    assert shipped(write(tmp_path, files), ["shop"], among=["shop"]) == {
        "shop/__init__.py",
        "shop/contracts/__init__.py",
        "shop/contracts/prices.json",
        "shop/contracts/orders/__init__.py",
        "shop/contracts/orders/countries.json",
    }
