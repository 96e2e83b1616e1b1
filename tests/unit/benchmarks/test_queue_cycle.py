"""Both sides of the queue-cycle claim really send, lease and acknowledge. Nothing here is timed."""

from pathlib import Path

import pytest

from benchmarks import queue_cycle
from benchmarks.enqueue import PRODUCERS, opened_raw, opened_store
from benchmarks.queue_cycle import Settled, engine, in_transactions

KEY = "0" * 64


def test_the_engine_settles_every_message(tmp_path: Path) -> None:
    with opened_store(tmp_path / "oort.db", KEY) as store:
        with engine(store) as run:
            run(2)
        row = store.row("SELECT count(*) FROM messages")
        assert row is not None
        assert row[0] == 0
        last = store.row("SELECT seq FROM sqlite_sequence WHERE name = 'messages'")
        assert last is not None
        assert last[0] == 2 * PRODUCERS


def test_the_rival_leases_what_it_inserts_and_deletes_what_it_leased(tmp_path: Path) -> None:
    statements: list[str] = []

    def trace(_cursor: object, sql: str, _values: object) -> bool:
        statements.append(sql.split(maxsplit=1)[0])
        return True

    with opened_raw(tmp_path / "raw.db", KEY) as raw:
        raw.exec_trace = trace
        in_transactions(raw, 2)
        assert raw.changes() == 1, "the last statement has deleted a row"
        raw.exec_trace = None
        assert raw.execute("SELECT count(*) FROM messages").fetchall() == [(0,)]
        assert raw.total_changes() >= 2 * 3 * PRODUCERS
    assert [one for one in statements if one in ("BEGIN", "COMMIT")] == ["BEGIN", "COMMIT"] * 6
    assert statements.count("UPDATE") == statements.count("DELETE") == 2 * PRODUCERS


def test_messages_that_are_not_settled_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_cycle, "PATIENCE", 0.01)
    with pytest.raises(RuntimeError, match="0 of 64 messages were settled"):
        Settled().await_number(64)
