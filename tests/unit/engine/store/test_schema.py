"""Opening a file: new, ours, newer than this program, or somebody else's."""

from pathlib import Path

import apsw
import pytest

from oort.engine.store import schema
from oort.engine.store.store import connect
from oort.model.errors import StateUnusable


def test_a_new_file_gets_the_schema_and_is_safe_against_power_loss(tmp_path: Path) -> None:
    connection = connect(tmp_path / "oort.db")
    settings = {
        name: connection.execute(f"PRAGMA {name}").fetchall()[0][0]
        for name in ("user_version", "journal_mode", "synchronous", "foreign_keys")
    }
    assert settings == {
        "user_version": schema.VERSION,
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 0,
    }
    connection.close()


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        connection = connect(tmp_path / "oort.db")
        connection.execute(
            "INSERT INTO outbox(kind, name, visible, payload) VALUES('send', 'a', 0, x'')"
        )
        connection.close()
    connection = connect(tmp_path / "oort.db")
    assert connection.execute("SELECT count(*) FROM outbox").fetchall() == [(2,)]
    connection.close()


def test_a_file_of_a_newer_version_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "oort.db"
    connection = apsw.Connection(str(path))
    connection.execute(f"PRAGMA user_version = {schema.VERSION + 6}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StateUnusable) as raised:
        connect(path)
    assert (
        f"has version {schema.VERSION + 6}; this Oort understands up to version {schema.VERSION}"
        in str(raised.value)
    )
    assert "Use the Oort that wrote it" in str(raised.value)
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "oort.db"
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE theirs(x)")
    connection.close()
    with pytest.raises(StateUnusable, match="another program"):
        connect(path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "oort.db"
    path.write_text("these are the times that try men's souls" * 100)
    with pytest.raises(StateUnusable, match="the key is wrong, or the file is damaged"):
        connect(path)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StateUnusable, match="cannot be used"):
        connect(tmp_path / "nowhere" / "oort.db")


def test_a_step_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        schema, "STEPS", (*schema.STEPS, "CREATE TABLE half(x); CREATE TABLE items(x)")
    )
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    with pytest.raises(apsw.SQLError):
        connect(tmp_path / "oort.db")
    connection = apsw.Connection(str(tmp_path / "oort.db"))
    assert connection.execute("SELECT count(*) FROM sqlite_schema").fetchall() == [(0,)]
    connection.close()


def test_an_older_file_is_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(tmp_path / "oort.db").close()
    monkeypatch.setattr(schema, "STEPS", (*schema.STEPS, "CREATE TABLE fresh(x)"))
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    connection = connect(tmp_path / "oort.db")
    assert connection.execute("SELECT count(*) FROM fresh").fetchall() == [(0,)]
    connection.close()


def test_a_store_without_secrets_gets_a_table_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(schema, "STEPS", schema.STEPS[:4])
        before.setattr(schema, "VERSION", 4)
        connection = connect(tmp_path / "oort.db")
        assert connection.execute("PRAGMA user_version").fetchall() == [(4,)]
        connection.execute("INSERT INTO schedules VALUES('a.b', 'every', 1.0)")
        connection.close()
    connection = connect(tmp_path / "oort.db")
    assert connection.execute("SELECT count(*) FROM secrets").fetchall() == [(0,)]
    assert connection.execute("SELECT function FROM schedules").fetchall() == [("a.b",)]
    connection.close()


def test_leases_of_an_older_store_are_found_through_their_new_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql = "INSERT INTO messages(queue, sent, visible, attempts, leased, payload) VALUES(?, 0, 0, 1, ?, x'')"
    with monkeypatch.context() as before:
        before.setattr(schema, "STEPS", schema.STEPS[:7])
        before.setattr(schema, "VERSION", 7)
        connection = connect(tmp_path / "oort.db")
        connection.executemany(sql, [("waits", 0), ("runs", 1), ("waits", 0)])
        connection.close()
    connection = connect(tmp_path / "oort.db")
    assert connection.execute("PRAGMA user_version").fetchall() == [(schema.VERSION,)]
    assert connection.execute("SELECT count(*) FROM messages").fetchall() == [(3,)]
    leased = "SELECT queue FROM messages INDEXED BY messages_leased WHERE leased = 1"
    assert connection.execute(leased).fetchall() == [("runs",)]
    connection.close()


def test_the_steps_are_numbered_without_a_gap() -> None:
    files = sorted((Path(schema.__file__).parent / "migrations").glob("*.sql"))
    numbers = [int(file.name.partition("-")[0]) for file in files]
    assert numbers == list(range(1, schema.VERSION + 1))
