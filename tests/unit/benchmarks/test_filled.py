"""A filled store holds the rows that requests would have written, and each operation of the claim does its work."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import filled, programs
from benchmarks.filled import QUEUE, TABLE, Filled
from oort.model.operations import PutItem
from oort.rules.tables import keys


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Filled]:
    with filled.opened(tmp_path, stored=1000) as one:
        filled.with_items(one)
        yield one


def test_a_filled_row_is_that_of_a_put(store: Filled) -> None:
    key = keys.ordered(filled.name(7))

    def rows() -> tuple[object, object]:
        return (
            store.store.row("SELECT sk, value FROM items WHERE pk = ?", key),
            store.store.row("SELECT idx, ipk, isk, sk FROM entries WHERE pk = ?", key),
        )

    before = rows()
    assert None not in before
    store.ports.tables.put(PutItem(TABLE, filled.item(7)))
    assert rows() == before
    assert _count(store, "items") == _count(store, "entries") == 1000


def test_the_operations_do_their_work(store: Filled) -> None:
    store.get()
    store.page()
    store.put()
    store.put()
    assert _count(store, "items") == 1002
    filled.with_messages(store, 5)
    assert store.ports.queue_inspection.depth(QUEUE).waiting == 5
    store.deliver()
    depth = store.ports.queue_inspection.depth(QUEUE)
    assert (depth.waiting, depth.in_flight) == (5, 0)
    assert [one.id for one in store.ports.queue_inspection.peek(QUEUE, most=1)] == ["m1"]


def test_a_worn_store_has_a_long_log_and_no_message(
    store: Filled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filled, "_WEAR", 3000)
    log = tmp_path / "state" / "oort.db-wal"
    before = log.stat().st_size
    filled.worn(store)
    assert log.stat().st_size > before
    assert _count(store, "messages") == 0


def test_a_command_finds_the_state_where_it_was_filled(tmp_path: Path) -> None:
    with filled.opened(tmp_path, stored=3) as one:
        filled.with_messages(one, 3)
    with filled.opened(tmp_path, stored=3) as one:
        assert one.ports.queue_inspection.depth(QUEUE).waiting == 3
    assert "oort.db" in {path.name for path in (tmp_path / "state").iterdir()}
    assert programs._home(tmp_path) == {"XDG_CONFIG_HOME": str(tmp_path / "config")}


def _count(store: Filled, table: str) -> int:
    row = store.store.row(f"SELECT count(*) FROM {table}")
    assert row is not None
    return int(row[0])
