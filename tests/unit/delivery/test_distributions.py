"""Which distributions a service needs on its target."""

import sys
from pathlib import Path

import pytest

from oort.delivery import distributions
from oort.delivery.distributions import Dependencies
from oort.delivery.imports import Imported
from oort.delivery.modules import ExternalImport
from oort.delivery.targets import Target
from oort.model.delivery.packages import Wheel
from oort.model.delivery.stages import Architecture
from oort.model.errors import InvalidProgram, NotPackaged
from tests.unit.delivery.installs import environment, install

ARM = Target("python3.14", Architecture.ARM64)
NATIVE = ["cp311-cp311-manylinux_2_17_x86_64"]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    install(tmp_path, "msgspec", {"msgspec/__init__.py": ""}, version="0.22.0", tags=NATIVE)
    return tmp_path


def needs(site: Path, *names: str, target: Target = ARM, optional: bool = False) -> Dependencies:
    foreign = [
        ExternalImport(Imported(name, line, optional), Path("shop/orders.py"))
        for line, name in enumerate(names, start=1)
    ]
    return distributions.of(foreign, target=target, environment=environment(site))


def test_msgspec_comes_always_and_the_standard_library_the_runtime_and_oort_never(
    site: Path,
) -> None:
    found = needs(site, "json", "os.path", "oort", "boto3", "botocore.session", "dateutil.tz")
    assert (found.pure, found.native, found.wheels) == ((), (), (Wheel("msgspec", "0.22.0"),))


def test_a_wheel_that_fits_ships_as_it_is_installed(site: Path) -> None:
    found = needs(site, target=Target("python3.11", Architecture.X86_64))
    assert ([one.name for one in found.native], found.wheels) == (["msgspec"], ())
    assert found.versions == [("msgspec", "0.22.0")]


def test_what_is_needed_is_followed_once_and_what_the_runtime_has_is_not(site: Path) -> None:
    install(
        site,
        "web",
        {"web/__init__.py": ""},
        requires=["low>=1", "urllib3", 'win; sys_platform == "win32"', "Low[x]"],
    )
    install(site, "low", {"low.py": ""}, requires=["web", 'extra-thing; extra == "x"', "oortcloud"])
    install(site, "extra_thing", {"extra.py": ""})
    found = needs(site, "web.client", "web")
    assert [one.name for one in found.pure] == ["extra-thing", "low", "web"]


def test_an_import_that_nothing_has_is_a_mistake_with_its_place(site: Path) -> None:
    with pytest.raises(InvalidProgram) as caught:
        needs(site, "absent", "distutils.core")
    gone = (
        "python3.14 has no module distutils any more."
        if "distutils" in sys.stdlib_module_names  # until Python 3.11
        else "Nothing that is installed here has the module distutils."
    )
    assert [str(one).splitlines()[0] for one in caught.value.mistakes] == [
        "shop/orders.py:1: Nothing that is installed here has the module absent.",
        f"shop/orders.py:2: {gone}",
    ]


def test_an_optional_import_ships_if_it_is_installed(site: Path) -> None:
    install(site, "quick", {"quick.py": ""})
    assert [one.name for one in needs(site, "quick", "absent", optional=True).pure] == ["quick"]


def test_what_only_the_target_needs_must_be_installed_here(site: Path) -> None:
    install(site, "web", {"web.py": ""}, requires=['speed; platform_machine == "aarch64"'])
    with pytest.raises(
        NotPackaged, match=r"web 1\.0 needs speed on python3\.14 on arm64, .* pip install speed"
    ):
        needs(site, "web")
    assert needs(site, "web", target=Target("python3.14", Architecture.X86_64)).pure


def test_a_distribution_for_another_python_is_refused(site: Path) -> None:
    install(site, "late", {"late.py": ""}, python=">=3.15")
    with pytest.raises(
        NotPackaged,
        match=r"late 1\.0 needs Python >=3\.15, and the stage's runtime is python3\.14\.",
    ):
        needs(site, "late")


def test_pure_for_another_python_is_fetched(site: Path) -> None:
    install(site, "made", {"made.py": ""}, tags=["cp311-none-any"])
    assert needs(site, "made").wheels == (Wheel("made", "1.0"), Wheel("msgspec", "0.22.0"))
