"""The SQLite access of a service while its work runs. A session is valid only inside that work."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import apsw

Value: TypeAlias = int | float | str | bytes | None
Row: TypeAlias = tuple[Any, ...]


class Session:
    """A connection inside a transaction. The store begins and ends the transaction."""

    __slots__ = ("_connection", "woken")

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self.woken = False

    def run(self, sql: str, *values: Value) -> int:
        """Run a statement that changes rows, and return the number of changed rows."""
        self._connection.execute(sql, values)
        return self._connection.changes()

    def row(self, sql: str, *values: Value) -> Row | None:
        """Return the first row, or None."""
        rows = self._connection.execute(sql, values).fetchall()
        return rows[0] if rows else None

    def rows(self, sql: str, *values: Value) -> list[Row]:
        """Return every row."""
        return self._connection.execute(sql, values).fetchall()

    def each(self, sql: str, *values: Value) -> Iterator[Row]:
        """Yield the rows one by one, for results too large for memory."""
        cursor = self._connection.execute(sql, values)
        try:
            # Neither `yield from`, whose end closes the cursor, nor close(): apsw 3.54 keeps 200 bytes
            # of every cursor that was closed, until the connection ends.
            for row in cursor:  # noqa: UP028
                yield row
        finally:
            cursor.execute("")  # ends the statement, which may have further rows

    def wake(self) -> None:
        """Call `Store.on_commit` after the commit: this work added a message or an outbox row."""
        self.woken = True
