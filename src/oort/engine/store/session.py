"""What a service sees of SQLite while its work runs: statements in, rows out. A session is only good inside that work."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import apsw

Value: TypeAlias = int | float | str | bytes | None
Row: TypeAlias = tuple[Any, ...]


class Session:
    """One connection inside a transaction that the store began and will end."""

    __slots__ = ("_connection", "woken")

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self.woken = False

    def run(self, sql: str, *values: Value) -> int:
        """Carry out a statement that changes rows; how many it changed."""
        self._connection.execute(sql, values)
        return self._connection.changes()

    def row(self, sql: str, *values: Value) -> Row | None:
        """The first row, or None."""
        rows = self._connection.execute(sql, values).fetchall()
        return rows[0] if rows else None

    def rows(self, sql: str, *values: Value) -> list[Row]:
        """Every row."""
        return self._connection.execute(sql, values).fetchall()

    def each(self, sql: str, *values: Value) -> Iterator[Row]:
        """The rows one by one, for results that may not fit in memory."""
        cursor = self._connection.execute(sql, values)
        try:
            yield from cursor
        finally:
            cursor.close()

    def wake(self) -> None:
        """Have `Store.on_commit` called after the commit: this work added a message or an outbox row."""
        self.woken = True
