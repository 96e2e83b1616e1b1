"""Live versions are added, shared and removed, each in one step. With real interpreters: the scenario."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from oort.engine.versions import kept
from oort.engine.versions.live import LiveVersions
from oort.engine.workers import parent
from oort.engine.workers.loading import Loaded
from oort.model.errors import InvalidUse, NotFoundHere, StateUnusable
from tests.unit.engine.workers import shop as sample

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


def load(folder: Path) -> Loaded:
    """Load the same program once more."""
    if folder.name == "broken":
        raise StateUnusable("It is broken.", "Fix it.")
    process = SimpleNamespace(wait=lambda _=None: 0, kill=lambda: None)
    return Loaded(sample.PROGRAM.model, parent.fork(sample.of(sample.PROGRAM)), process)


@pytest.fixture(name="live")
def _live(tmp_path: Path) -> Iterator[LiveVersions]:
    with sample.opened(tmp_path) as shop:
        live = LiveVersions(
            shop.engine,
            folder=Path("/one"),
            state=tmp_path,
            load=load,
            line=lambda _version, _text: None,
            say=lambda _: None,
        )
        assert shop.engine.workers is not None
        loop = shop.engine.workers._loop
        loop.call_soon_threadsafe(live.serve, lambda _gateway, _answers: None)
        live._on_loop(lambda: None)
        yield live
        live.close()


def shares(live: LiveVersions) -> list[dict[str, int]]:
    """Return the shares of the versions."""
    return [dict(state.shares) for state in live.states()]


def test_shares_are_percents_of_each_service(live: LiveVersions, tmp_path: Path) -> None:
    live.add("next", Path("/two"), share=10)
    assert shares(live) == [{"shop": 90, "other": 90}, {"shop": 10, "other": 10}]
    live.share("next", 40, services=["shop"])
    assert shares(live) == [{"shop": 60, "other": 90}, {"shop": 40, "other": 10}]
    live.share("main", 100)
    assert shares(live) == [{"shop": 100, "other": 100}, {"shop": 0, "other": 0}]
    assert [version.folder for version in kept.read(tmp_path)] == ["/one", "/two"]
    live.remove("next")
    assert shares(live) == [{"shop": 100, "other": 100}]
    assert kept.read(tmp_path) == ()


def test_nothing_changes_by_a_refused_order(live: LiveVersions, tmp_path: Path) -> None:
    with pytest.raises(
        StateUnusable, match=r"The version next in /broken cannot start\. It is broken"
    ):
        live.add("next", Path("/broken"), share=10)
    with pytest.raises(InvalidUse, match="the only version"):
        live.share("main", 50)
    with pytest.raises(InvalidUse, match="There is a version main already"):
        live.add("main", Path("/two"), share=10)
    with pytest.raises(InvalidUse, match="101 is not a share"):
        live.add("next", Path("/two"), share=101)
    (tmp_path / kept.FILE).mkdir()  # the record cannot be written
    with pytest.raises(StateUnusable):
        live.add("next", Path("/two"), share=10)
    (tmp_path / kept.FILE).rmdir()
    assert shares(live) == [{"shop": 100, "other": 100}]
    live.add("next", Path("/two"), share=10)
    with pytest.raises(InvalidUse, match="Two versions are live"):
        live.add("third", Path("/three"), share=10)
    with pytest.raises(NotFoundHere, match="There is no version third"):
        live.remove("third")
    with pytest.raises(InvalidUse, match="main is the program"):
        live.remove("main")


def test_no_order_is_taken_at_the_end(live: LiveVersions) -> None:
    live.close()
    with pytest.raises(StateUnusable, match="The platform is ending"):
        live.add("next", Path("/two"), share=10)
