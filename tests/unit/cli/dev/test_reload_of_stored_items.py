"""A reload of `oort dev` that would misread the stored items: the old program continues to run."""

import signal
from pathlib import Path

import pytest

from tests.unit.cli.dev.test_reload import answer, hello, platform, until

pytestmark = pytest.mark.slow  # every test starts processes
KEEPER = """
import msgspec
from oort import Can, Put, Service, Table

hello = Service("hello")


class Old(msgspec.Struct):
    id: str
    n: int


class Price(msgspec.Struct):
    id: str
    FIELD: int


def upgraded(old: Old) -> Price:
    return Price(old.id, old.n)


@hello.table("kept", key="KEY", upgrades=UPGRADES)
class Kept(Table[TYPES, Can]): ...


@hello.get("/", public=True)
def greet(kept: Kept[Put]) -> str:
    kept.put(ITEM("a", 1))
    return "WORD"
"""


def keeper(
    word: str, *, field: str = "cents", key: str = "id", upgrades: str = "[upgraded]"
) -> str:
    """A program that writes an item in each answer."""
    item = "Price" if upgrades != "[]" else "Old"
    values = {
        "FIELD": field, "KEY": key, "UPGRADES": upgrades, "ITEM": item, "WORD": word,
        "TYPES": f"{'str' if key == 'id' else 'int'}, {item}",
    }  # fmt: skip
    source = KEEPER
    for name, value in values.items():
        source = source.replace(name, value)
    return source


MISREAD = {
    "without the upgrade": (
        keeper("bad", upgrades="[]"),
        "The items of hello.kept have revision 2, and the program knows revision 1",
    ),
    "of another branch": (
        keeper("bad", field="pounds"),
        "The items of hello.kept with revision 2 have another type than revision 2 in the program",
    ),
    "with another key": (
        keeper("bad", key="n", upgrades="[]"),
        "The items of hello.kept have the key id (text), and the program declares n (number)",
    ),
}


@pytest.mark.serial
@pytest.mark.parametrize("which", MISREAD)
def test_a_program_that_would_misread_the_items_leaves_the_old_one_running(
    tmp_path: Path, which: str
) -> None:
    source, sentence = MISREAD[which]
    with platform(hello(tmp_path)) as (process, url):
        (tmp_path / "hello.py").write_text(keeper("good"))
        until(url, "good")
        (tmp_path / "hello.py").write_text(source)
        assert process.stderr is not None
        lines = [process.stderr.readline()]
        while "The old program continues to run" not in lines[-1] and len(lines) < 20:
            lines.append(process.stderr.readline())
        assert sentence in "".join(lines)
        assert "Start the program that wrote them" in "".join(lines) or "key" in which
        assert answer(url) == '"good"'
        (tmp_path / "hello.py").write_text(keeper("fine"))
        until(url, "fine")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
