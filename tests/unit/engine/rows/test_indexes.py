"""Pages of a partition: SQLite seeks to the cursor, and a cursor never widens the window."""

from itertools import product

import apsw
import pytest

from oort.engine.rows.indexes import Window, bounds

COLUMNS = ("isk", "pk", "sk")
KEYS = (b"a", b"b", b"c", b"d")
EDGES = (b"", b"b", b"c")


@pytest.fixture(scope="module")
def entries() -> apsw.Connection:
    """A partition of an index with all positions of four keys."""
    connection = apsw.Connection(":memory:")
    connection.execute(
        "CREATE TABLE entries(idx, ipk, isk, pk, sk, PRIMARY KEY(idx, ipk, isk, pk, sk)) WITHOUT ROWID"
    )
    rows = [("i", b"p", *position) for position in product(KEYS, KEYS[:2], KEYS[:2])]
    connection.executemany("INSERT INTO entries VALUES(?, ?, ?, ?, ?)", rows)
    return connection


def query(window: Window, columns: tuple[str, ...] = COLUMNS) -> tuple[str, tuple[bytes, ...]]:
    where, values = bounds(window, columns)
    order = ", ".join(f"{column} {'DESC' if window.reverse else 'ASC'}" for column in columns)
    sql = (
        f"SELECT isk, pk, sk FROM entries WHERE idx = 'i' AND ipk = ? AND {where} ORDER BY {order}"
    )
    return sql, (window.partition, *values)


@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@pytest.mark.parametrize("low", [b"", b"b"])
@pytest.mark.parametrize("high", [None, b"d"])
def test_a_page_begins_at_its_cursor_whatever_lies_before(
    entries: apsw.Connection, *, reverse: bool, low: bytes, high: bytes | None
) -> None:
    sql, values = query(Window(b"p", low, high, (b"c", b"a", b"a"), reverse))
    ((*_, found),) = entries.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
    plan = str(found)
    assert f"(isk,pk,sk){'<' if reverse else '>'}(?,?,?)" in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
def test_a_cursor_never_widens_the_window(entries: apsw.Connection, *, reverse: bool) -> None:
    everything = [row[2:] for row in entries.execute("SELECT * FROM entries ORDER BY 3, 4, 5")]
    for low, high, key in product(EDGES, (None, *EDGES), (b"", *KEYS, b"e")):
        after = (key, b"a", b"b")
        sql, values = query(Window(b"p", low, high, after, reverse))
        inside = [
            row
            for row in everything
            if row[0] >= low
            and (high is None or row[0] < high)
            and (row < after if reverse else row > after)
        ]
        assert entries.execute(sql, values).fetchall() == (inside[::-1] if reverse else inside)


def test_a_primary_index_has_the_sort_key_alone() -> None:
    window = Window(b"p", b"b", None, (b"c",), reverse=False)
    assert bounds(window, ("sk",)) == ("(sk) > (?)", (b"c",))
