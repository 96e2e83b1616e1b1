"""A package is one service, whole and alone: its own modules, what they need, and the same bytes wherever it is made."""

import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from shutil import copytree

import pytest

from oort.app.loading import projects
from oort.app.loading.projects import Project
from oort.delivery import archives, wheels
from oort.delivery.binaries import misfits
from oort.delivery.packages import Packer, complete
from oort.delivery.wheels import Wheels
from oort.model.delivery.packages import Package
from oort.model.delivery.stages import Architecture, Stage
from tests.architecture.source_tree import APPS

# Lambda has python3.12 and later; this machine's own version lets the archive be tried out here.
RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
MACHINE = Architecture.ARM64 if os.uname().machine == "aarch64" else Architecture.X86_64
HERE = Stage("here", runtime=RUNTIME, architecture=MACHINE)
SERVICES = ("accounts", "analytics", "email", "onboarding")


def planned(project: Project, *, stage: Stage = HERE) -> dict[str, Package]:
    homes = {name: (f"cometbid.{name}",) for name in SERVICES}
    packer = Packer(project, stage=stage, homes=homes)
    return {name: packer.package(name) for name in homes}


@pytest.fixture(scope="module")
def packages() -> dict[str, Package]:
    project = projects.find(APPS / "cometbid")
    assert projects.homes(project) == {name: (f"cometbid.{name}",) for name in SERVICES}
    return planned(project)


def own(package: Package) -> set[str]:
    return {one.path for one in package.files if one.path.startswith("cometbid/")}


def test_each_service_ships_its_own_modules_and_the_contracts(packages: dict[str, Package]) -> None:
    shared = {
        "cometbid/__init__.py",
        "cometbid/contracts/__init__.py",
        "cometbid/contracts/accounts.py",
    }
    for name, package in packages.items():
        assert shared < own(package)
        assert {path.split("/")[1] for path in own(package) - shared} == {name}
    assert own(packages["accounts"]) - shared == {
        "cometbid/accounts/__init__.py", "cometbid/accounts/http.py", "cometbid/accounts/store.py",
    }  # fmt: skip


def test_nothing_ships_but_the_service_oort_and_msgspec(packages: dict[str, Package]) -> None:
    for package in packages.values():
        tops = {one.path.split("/")[0].partition("-")[0] for one in package.files}
        assert tops == {"cometbid", "oort", "msgspec"}
        assert package.wheels == ()  # what fits this machine is copied: no network
        assert misfits(package) == ()
    assert len({package.fingerprint for package in packages.values()}) == len(SERVICES)


def test_the_bytes_are_the_same_twice_elsewhere_and_under_another_umask(
    packages: dict[str, Package], tmp_path: Path
) -> None:
    archives.write(packages["accounts"], tmp_path / "first.zip")
    before = os.umask(0o077)
    try:
        elsewhere = copytree(APPS, tmp_path / "another" / "place", copy_function=_aged)
        copied = planned(projects.find(elsewhere / "cometbid"))
        for path, package in (
            ("again.zip", packages["accounts"]),
            ("copied.zip", copied["accounts"]),
        ):
            archives.write(package, tmp_path / path)
    finally:
        os.umask(before)
    written = {(tmp_path / name).read_bytes() for name in ("first.zip", "again.zip", "copied.zip")}
    assert len(written) == 1
    assert {name: one.fingerprint for name, one in copied.items()} == {
        name: one.fingerprint for name, one in packages.items()
    }


def _aged(source: str, target: str) -> None:
    Path(target).write_bytes(Path(source).read_bytes())
    os.utime(target, (1_000_000_000, 1_000_000_000))


def test_a_change_in_one_service_is_a_new_package_of_that_one_only(
    packages: dict[str, Package], tmp_path: Path
) -> None:
    copied = copytree(APPS, tmp_path / "apps")
    with (copied / "cometbid" / "email" / "sender.py").open("a") as file:
        file.write("# changed\n")
    changed = planned(projects.find(copied / "cometbid"))
    assert [
        name for name in SERVICES if changed[name].fingerprint != packages[name].fingerprint
    ] == ["email"]


@pytest.mark.parametrize("service", SERVICES)
def test_the_package_is_whole(packages: dict[str, Package], service: str, tmp_path: Path) -> None:
    """A bare interpreter, with nothing but the archive's content on its path, imports the service."""
    archives.write(packages[service], tmp_path / "package.zip")
    with zipfile.ZipFile(tmp_path / "package.zip") as archive:
        archive.extractall(tmp_path / "task")
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'task')!r})\n"
        "import importlib, pkgutil\n"
        f"package = importlib.import_module('cometbid.{service}')\n"
        "for info in pkgutil.walk_packages(package.__path__, package.__name__ + '.'): importlib.import_module(info.name)\n"
        "import oort.aws.entry, importlib.metadata\n"
        "print(oort.__file__, importlib.metadata.version('msgspec'))\n"
        "print([name for name in sys.modules if name.startswith('cometbid.') and name.count('.') == 1])\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", program],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    assert done.stderr == ""
    assert done.stdout.startswith(str(tmp_path / "task" / "oort"))
    assert {f"cometbid.{name}" for name in SERVICES if f"'cometbid.{name}'" in done.stdout} == {
        f"cometbid.{service}"
    }


def test_four_services_are_fingerprinted_for_another_machine_without_network(
    packages: dict[str, Package],
) -> None:
    started = time.process_time()
    prod = planned(
        projects.find(APPS / "cometbid"), stage=Stage("prod", architecture=Architecture.ARM64)
    )
    assert time.process_time() - started < 1, "CPU seconds"
    for name, package in prod.items():
        assert [one.name for one in package.wheels] == ["msgspec"]
        assert package.fingerprint != packages[name].fingerprint


@pytest.mark.slow
def test_a_package_for_arm_holds_libraries_for_arm(tmp_path: Path) -> None:
    """It is not run: nobody here has such a machine. The wheel comes from the package index, which must be in reach."""
    plan = planned(projects.find(APPS / "cometbid"), stage=Stage("prod"))["accounts"]
    package = complete(plan, source=Wheels(tmp_path / "cache", wheels.pip))
    assert archives.write(package, tmp_path / "package.zip") < 1_000_000
    assert [
        one.path for one in package.files if one.path.endswith("cpython-314-aarch64-linux-gnu.so")
    ]
    assert misfits(package) == ()
    assert package.fingerprint == plan.fingerprint
