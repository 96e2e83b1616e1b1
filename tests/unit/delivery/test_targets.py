"""Which wheels fit a target, and what it answers to markers."""

import pytest

from oort.delivery.targets import Target, accepts, fits, needed, require
from oort.model.delivery.stages import Architecture
from oort.model.errors import InvalidUse

ARM = Target("python3.14", Architecture.ARM64)
X86 = Target("python3.12", Architecture.X86_64)


@pytest.mark.parametrize(
    ("tag", "arm", "x86"),
    [
        ("py3-none-any", True, True),
        ("py2.py3-none-any", True, True),
        ("py314-none-any", True, False),
        ("cp314-cp314-manylinux_2_28_aarch64", True, False),
        ("cp314-cp314-manylinux_2_34_aarch64", True, False),
        (
            "cp314-cp314-manylinux_2_35_aarch64",
            False,
            False,
        ),  # its glibc is newer than Amazon Linux 2023's
        ("cp314-cp314t-manylinux_2_28_aarch64", False, False),
        ("cp314-cp314-musllinux_1_2_aarch64", False, False),
        ("cp312-cp312-manylinux2014_x86_64", False, True),
        ("cp39-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64", False, True),
        ("cp39-abi3-manylinux_2_17_aarch64", True, False),
        ("py3-none-manylinux_2_17_aarch64", True, False),
        (
            "cp312-cp312-linux_x86_64",
            False,
            False,
        ),  # built on some machine: its glibc is anybody's guess
    ],
)
def test_a_wheel_fits_by_python_glibc_and_machine(tag: str, arm: bool, x86: bool) -> None:
    assert (fits(ARM, [tag]), fits(X86, ["cp27-cp27m-win32", tag])) == (arm, x86)


def test_requirements_are_those_of_the_target_and_not_of_this_machine() -> None:
    lines = [
        "plain>=1",
        'win; sys_platform == "win32"',
        'arm; platform_machine == "aarch64"',
        'old; python_version < "3.13"',
        'more[fast,small]; extra == "big"',
        'never; extra == "huge"',
    ]
    assert needed(ARM, lines, extras=frozenset({"big"})) == [
        ("plain", frozenset()), ("arm", frozenset()), ("more", frozenset({"fast", "small"})),
    ]  # fmt: skip
    assert [name for name, _ in needed(X86, lines, extras=frozenset())] == ["plain", "old"]


def test_python_versions_are_compared_by_their_newest_patch() -> None:
    assert accepts(X86, "")
    assert accepts(X86, ">=3.12.4,<3.13")
    assert not accepts(X86, ">=3.13")


def test_the_standard_library_is_the_targets() -> None:
    assert ARM.has_builtin("json")
    assert not ARM.has_builtin("msgspec")
    assert not ARM.has_builtin("distutils")
    assert not Target("python3.12", Architecture.ARM64).has_builtin("imp")


def test_a_target_reads_as_runtime_and_architecture() -> None:
    assert (str(ARM), ARM.python) == ("python3.14 on arm64", (3, 14))
    assert ARM.platforms[0] == "manylinux_2_34_aarch64"
    assert ARM.platforms[-2:] == ("manylinux_2_17_aarch64", "manylinux2014_aarch64")


def test_a_missing_library_is_named_with_the_extra_that_brings_it() -> None:
    require("packaging")
    with pytest.raises(
        InvalidUse, match=r"needs no_such_library\. Install it with: pip install 'oortcloud\[aws\]'"
    ):
        require("no_such_library")
