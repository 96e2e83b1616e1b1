"""What is installed, read from made-up dist-info folders."""

from pathlib import Path

import pytest

from oort.delivery.installed import Environment, Installed, canonical
from oort.model.errors import NotPackaged
from tests.unit.delivery.installs import environment, install, write


def test_a_distribution_says_what_it_is(tmp_path: Path) -> None:
    info = install(
        tmp_path,
        "Fast-Things",
        {"fast/__init__.py": ""},
        version="2.1",
        requires=["slow"],
        python=">=3.9",
        tags=["a-b-c"],
    )
    found = Installed(info)
    assert (found.name, found.version, found.requires, found.requires_python) == (
        "fast-things",
        "2.1",
        ["slow"],
        ">=3.9",
    )
    assert (found.tags, str(found)) == (["a-b-c"], "fast-things 2.1")


def test_its_modules_ship_and_what_is_the_installers_does_not(tmp_path: Path) -> None:
    files = {
        "fast/__init__.py": "",
        "fast/data.txt": "",
        "fast/tests/__init__.py": "",
        "fast/__pycache__/__init__.cpython-311.pyc": "",
        "fast/old.pyc": "",
        "fast.libs/lib.so.1": "",
        "one.py": "",
        "_core.cpython-311-x86_64-linux-gnu.so": "",
        "start.pth": "import os",
        "../bin/fast": "",
        "fast-1.0.dist-info/entry_points.txt": "",
        "fast-1.0.dist-info/licenses/LICENSE": "",
    }
    found = Installed(install(tmp_path / "site", "fast", files))
    assert set(found.files) == {
        "fast/__init__.py", "fast/data.txt", "fast/tests/__init__.py", "fast.libs/lib.so.1", "one.py",
        "_core.cpython-311-x86_64-linux-gnu.so", "fast-1.0.dist-info/METADATA", "fast-1.0.dist-info/entry_points.txt",
    }  # fmt: skip
    assert found.modules == {"fast", "fast.libs", "one", "_core"}


def test_a_file_that_is_gone_is_a_damaged_install(tmp_path: Path) -> None:
    info = install(tmp_path, "fast", {"fast.py": ""})
    (tmp_path / "fast.py").unlink()
    with pytest.raises(
        NotPackaged,
        match=r"fast 1\.0 is damaged here: .*fast\.py is not there.*--force-reinstall fast==1\.0",
    ):
        _ = Installed(info).files


def test_without_a_record_nobody_knows_the_files(tmp_path: Path) -> None:
    info = install(tmp_path, "fast", {"fast.py": ""})
    (info / "RECORD").unlink()
    assert Installed(info).modules == frozenset()
    with pytest.raises(NotPackaged, match="does not say which files it has"):
        _ = Installed(info).files


def test_without_a_wheel_file_the_files_tell(tmp_path: Path) -> None:
    pure, native = (
        install(tmp_path, "pure", {"pure.py": ""}),
        install(tmp_path, "native", {"native.so": ""}),
    )
    for info in (pure, native):
        (info / "WHEEL").unlink()
    assert (Installed(pure).tags, Installed(native).tags) == (["py3-none-any"], [])


def test_an_editable_install_is_followed_to_its_packages(tmp_path: Path) -> None:
    source = write(tmp_path / "src", {
        "money/__init__.py": "", "money/rates.json": "", "single.py": "", "setup.py": "", "tests/__init__.py": "",
        "notes/read.txt": "",
    })  # fmt: skip
    lines = f"import site\n{source}\n{tmp_path / 'gone'}\n"
    found = Installed(install(tmp_path / "site", "money", {"_editable_money.pth": lines}))
    assert set(found.files) == {
        "money/__init__.py",
        "money/rates.json",
        "single.py",
        "money-1.0.dist-info/METADATA",
    }
    assert found.files["single.py"] == source / "single.py"
    assert found.modules == {"money", "single"}


def test_the_first_on_the_path_counts(tmp_path: Path) -> None:
    install(tmp_path / "a", "fast", {"fast.py": ""}, version="1.0")
    install(tmp_path / "b", "fast", {"fast.py": ""}, version="2.0")
    found = Environment([str(tmp_path / "no"), str(tmp_path / "a"), str(tmp_path / "b")]).named(
        "Fast"
    )
    assert found is not None
    assert found.version == "1.0"
    assert environment(tmp_path / "a").named("slow") is None


def test_this_interpreters_own_path_is_the_default() -> None:
    assert Environment().named("msgspec") is not None


def test_of_a_shared_namespace_only_what_has_the_module_counts(tmp_path: Path) -> None:
    install(tmp_path, "g-storage", {"g/cloud/storage/__init__.py": ""})
    install(tmp_path, "g-queue", {"g/cloud/queue.py": ""})
    install(tmp_path, "other", {"other.py": ""})

    def named(name: str) -> list[str]:
        return [one.name for one in environment(tmp_path).with_module(name)]

    assert named("g.cloud.storage.Client") == ["g-storage"]
    assert named("g.cloud.queue") == ["g-queue"]
    assert named("g.cloud") == named("g") == named("g.nothing") == ["g-queue", "g-storage"]
    assert (named("other.x"), named("absent")) == (["other"], [])


def test_names_compare_in_one_spelling() -> None:
    assert canonical("Zope.Interface_x") == "zope-interface-x"
