"""Another process loads a version: it says what it has loaded, or why it has not."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from oort.engine.workers import loading
from oort.model.errors import StateUnusable

pytestmark = pytest.mark.slow  # every test starts an interpreter

_VERSION = """
import os, sys, time
from oort.engine.workers import loading
from oort.model.errors import InvalidProgram, InvalidProject, Mistake, Source
from oort.model.platform import PlatformModel


def load():
    doing = sys.argv[2]
    if doing == "mistake":
        raise InvalidProgram([Mistake(Source("a.py", 3), "x.y", "It is wrong.", "Fix it.")])
    if doing == "project":
        raise InvalidProject("There is no oort.toml.", "Write one.")
    if doing == "exit":
        os._exit(7)
    if doing == "kill":
        os.kill(os.getpid(), 9)
    if doing == "hang":
        time.sleep(60)
    if doing == "noise":
        os.write(int(sys.argv[1]), b"x" * 100)
    return PlatformModel("shop", ())


loading.serve(int(sys.argv[1]), load, lambda: lambda connection, claims: os._exit(0))
"""


@pytest.fixture(name="module")
def _module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "some_version.py").write_text(_VERSION)
    source = str(Path(loading.__file__).parents[3])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path), source)))
    return "some_version"


def test_a_version_is_loaded_and_ends_with_its_connection(module: str) -> None:
    loaded = loading.start(module, ["well"])
    assert loaded.model.name == "shop"
    loaded.end()


@pytest.mark.parametrize(
    ("doing", "why"),
    [
        ("mistake", "It is wrong"),
        ("project", "There is no oort.toml"),
        ("exit", "ended with status 7"),
        ("kill", "was ended by signal 9"),
        ("noise", "too long"),
    ],
)
def test_the_reason_is_said(module: str, doing: str, why: str) -> None:
    with pytest.raises(StateUnusable, match=why):
        loading.start(module, [doing])


def test_a_version_that_never_ends_to_load_is_ended(module: str) -> None:
    with pytest.raises(StateUnusable, match=r"not loaded within 0\.5 s"):
        loading.start(module, ["hang"], within=timedelta(seconds=0.5))
