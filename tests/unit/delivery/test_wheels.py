"""Fetching wheels: through a made-up pip, and once through the real one."""

import sys
from collections.abc import Sequence
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

import pytest

from oort.delivery import wheels
from oort.delivery.binaries import machine
from oort.delivery.targets import Target, fits
from oort.delivery.wheels import Wheels, cache_folder
from oort.model.delivery.packages import Wheel
from oort.model.delivery.stages import Architecture
from oort.model.errors import NotPackaged
from tests.unit.delivery.installs import wheel

ARM = Target("python3.14", Architecture.ARM64)
FAST = Wheel("fast", "1.0")
NAME = "fast-1.0-cp314-cp314-manylinux_2_28_aarch64.whl"


class Index:
    """Stands for pip: leaves a wheel in the folder that it is told, or says why not."""

    def __init__(self, *, status: int = 0, said: str = "", names: Sequence[str] = (NAME,)) -> None:
        self.status, self.said, self.names = status, said, names
        self.asked: list[list[str]] = []

    def __call__(self, arguments: Sequence[str]) -> tuple[int, str]:
        self.asked.append(list(arguments))
        for name in self.names if not self.status else ():
            wheel(Path(arguments[arguments.index("--dest") + 1]) / name, {"fast.py": "x = 1"})
        return self.status, self.said


def test_a_wheel_is_fetched_once_and_kept(tmp_path: Path) -> None:
    index = Index()
    first = Wheels(tmp_path, index).fetch(FAST, target=ARM)
    assert Wheels(tmp_path, index).fetch(FAST, target=ARM) == first
    assert (first.name, len(index.asked)) == (NAME, 1)
    assert sorted(path.suffix for path in first.parent.iterdir()) == [
        ".sha256",
        ".whl",
    ]  # nothing half done is left


def test_pip_is_asked_for_exactly_this_version_and_target(tmp_path: Path) -> None:
    index = Index()
    Wheels(tmp_path, index).fetch(FAST, target=ARM)
    asked = " ".join(index.asked[0])
    for words in (
        "download --quiet", "--no-deps --only-binary :all:", "fast==1.0", "--python-version 3.14 --implementation cp",
        "--abi cp314 --abi abi3 --abi none", "--platform manylinux_2_34_aarch64", "--platform manylinux2014_aarch64",
    ):  # fmt: skip
        assert words in asked


def test_another_target_has_a_wheel_of_its_own(tmp_path: Path) -> None:
    index = Index()
    for target in (
        ARM,
        Target("python3.14", Architecture.X86_64),
        Target("python3.13", Architecture.ARM64),
    ):
        Wheels(tmp_path, index).fetch(FAST, target=target)
    assert len(index.asked) == 3


def test_a_kept_wheel_that_changed_is_fetched_again(tmp_path: Path) -> None:
    index = Index()
    kept = Wheels(tmp_path, index).fetch(FAST, target=ARM)
    kept.write_bytes(b"cut off")
    assert wheels.files(Wheels(tmp_path, index).fetch(FAST, target=ARM)) == {"fast.py": b"x = 1"}
    kept.with_suffix(".sha256").unlink()
    Wheels(tmp_path, index).fetch(FAST, target=ARM)
    assert len(index.asked) == 3


@pytest.mark.parametrize(
    ("index", "sentence"),
    [
        (
            Index(
                status=1,
                said="WARNING: Retrying (Retry(total=0\nERROR: No matching distribution found",
            ),
            (
                "The wheel of fast 1.0 for python3.14 on arm64 cannot be fetched: the package index does not answer. "
                "Try again later; fetched wheels are cached."
            ),
        ),
        (
            Index(
                status=1,
                said="ERROR: Could not find a version that satisfies\nERROR: No matching distribution found",
            ),
            (
                "The package index has no wheel of fast 1.0 for python3.14 on arm64. Choose another runtime or architecture "
                "in the stage's table of oort.toml, or another version of it."
            ),
        ),
        (
            Index(status=2, said="no such option: --abi\n\n"),
            "pip could not fetch fast 1.0 for python3.14 on arm64: no such option: --abi. Fix the cause and try again.",
        ),
        (
            Index(status=1, said="python: No module named pip"),
            (
                f"The wheel of fast 1.0 for python3.14 on arm64 is fetched with pip, and {sys.executable} has none. "
                "Install it: python -m ensurepip, or uv pip install pip."
            ),
        ),
        (
            Index(names=()),
            "pip could not fetch fast 1.0 for python3.14 on arm64: no output. Fix the cause and try again.",
        ),
    ],
)
def test_what_pip_says_becomes_one_sentence(tmp_path: Path, index: Index, sentence: str) -> None:
    with pytest.raises(NotPackaged) as caught:
        Wheels(tmp_path, index).fetch(FAST, target=ARM)
    assert str(caught.value) == sentence


def test_a_wheels_files_are_what_it_installs(tmp_path: Path) -> None:
    members = {
        "fast/__init__.py": "a", "fast/": "", "fast-1.0.dist-info/METADATA": "m", "fast-1.0.dist-info/RECORD": "r",
        "fast-1.0.data/purelib/pure.py": "p", "fast-1.0.data/platlib/native.so": "n", "fast-1.0.data/scripts/run": "s",
    }  # fmt: skip
    assert wheels.files(wheel(tmp_path / NAME, members)) == {
        "fast/__init__.py": b"a", "fast-1.0.dist-info/METADATA": b"m", "pure.py": b"p", "native.so": b"n",
    }  # fmt: skip


def test_what_is_no_wheel_is_said_so(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"nothing")
    with pytest.raises(NotPackaged, match="is not a valid wheel"):
        wheels.files(tmp_path / NAME)


def test_the_cache_is_where_caches_are() -> None:
    assert cache_folder({"XDG_CACHE_HOME": "/cache"}) == Path("/cache/oort/wheels")
    assert cache_folder({}) == Path.home() / ".cache" / "oort" / "wheels"


def test_the_pip_of_this_interpreter_answers() -> None:
    status, said = wheels.pip(["--version"])
    assert (status, said.split()[0]) == (0, "pip")


def test_a_pip_that_hangs_is_given_up() -> None:
    assert wheels.pip(["--version"], within=timedelta(milliseconds=1)) == (1, "Read timed out")


@pytest.mark.slow
def test_an_arm_wheel_of_msgspec_comes_from_the_index(tmp_path: Path) -> None:
    """The package index must be in reach: the real pip, the real wheel, for a machine that is not this one."""
    fetched = Wheels(tmp_path, wheels.pip).fetch(Wheel("msgspec", version("msgspec")), target=ARM)
    assert fits(ARM, ["-".join(fetched.stem.split("-")[-3:])])
    libraries = {
        path: content for path, content in wheels.files(fetched).items() if path.endswith(".so")
    }
    assert libraries
    assert {machine(content) for content in libraries.values()} == {183}  # EM_AARCH64
    with pytest.raises(NotPackaged, match=r"has no wheel of msgspec 0\.0\.1"):
        Wheels(tmp_path, wheels.pip).fetch(Wheel("msgspec", "0.0.1"), target=ARM)
    assert list((tmp_path / "python3.14-arm64" / "msgspec-0.0.1").iterdir()) == []
