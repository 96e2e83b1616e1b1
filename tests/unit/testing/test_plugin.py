"""The pytest plugin: the project it finds, the platform it hands to a test, and that it costs nothing to the tests of others."""

import subprocess
import sys
from pathlib import Path

import pytest

import oort_pytest
from oort.model.errors import InvalidProject
from oort.testing import Platform, plugin
from tests.unit.cli.shops import shop

TEST = """
def test_it(platform):
    assert platform.model.services[0].name == "orders"
    assert platform.get("/orders/of/2026-01-31").status == 200
"""


def pytest_in(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """pytest in a process of its own, with the plugin."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:oort",
        "-p",
        "oort_pytest",
    ]
    return subprocess.run(
        [*command, *words], cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_project_is_found_upwards_and_its_services_run(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    (folder / "deep").mkdir()
    (platform,) = plugin.opened(start=folder / "deep", named=None)
    assert next(service.name for service in platform.model.services) == "orders"
    opened = plugin.opened(start=tmp_path, named=folder)
    assert next(opened).get("/orders/of/2026-01-31").status == 200
    opened.close()


def test_without_a_project_the_error_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(InvalidProject, match="oort_path = apps/shop"):
        plugin.folder_of(tmp_path)


def test_a_project_can_be_opened_without_the_fixture(tmp_path: Path) -> None:
    with Platform.of_project(shop(tmp_path), redeliver=False) as platform:
        assert platform.get("/orders").status == 401
    with pytest.raises(InvalidProject, match=r"no oort\.toml"):
        Platform.of_project(tmp_path / "elsewhere")


def test_a_mistake_of_the_project_fails_the_test_without_a_traceback(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    source = folder / "orders.py"
    source.write_text(f"{source.read_text()}\n<<<<<<< HEAD\n")
    with pytest.raises(pytest.fail.Exception, match="A mark of a merge conflict") as raised:
        next(plugin.opened(start=folder, named=None))
    assert not raised.value.pytrace


@pytest.mark.slow
def test_the_fixture_works_beside_oort_toml_and_with_the_setting(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    (folder / "test_it.py").write_text(TEST)
    (folder / "pytest.ini").write_text("[pytest]\n")
    done = pytest_in(folder)
    assert done.returncode == 0, done.stdout
    (tmp_path / "test_it.py").write_text(TEST)
    (tmp_path / "pytest.ini").write_text(f"[pytest]\noort_path = {folder.name}\n")
    done = pytest_in(tmp_path, "test_it.py")
    assert done.returncode == 0, done.stdout


def test_pytest_starts_without_oort() -> None:
    program = "import sys, pytest; before = set(sys.modules); import oort_pytest; print(set(sys.modules) - before)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "{'oort_pytest'}"
    assert oort_pytest.__doc__ is not None
