"""The schema of the store's file, its version, and the steps from older versions: `migrations/0001-first.sql` and so on.

Only columns of lookups have an index.
"""

from pathlib import Path

import apsw

from oort.model.errors import StateUnusable

# The step at position n leads from version n to version n + 1. Steps are never edited once they are released.
_FOLDER = Path(__file__).parent / "migrations"
STEPS = tuple(file.read_text(encoding="utf-8") for file in sorted(_FOLDER.glob("*.sql")))
VERSION = len(STEPS)


def check(connection: apsw.Connection, *, name: str) -> None:
    """Raise StateUnusable if the file belongs to another program, or is newer than this program."""
    current = version(connection)
    if current > VERSION:
        raise StateUnusable(
            f"The state in {name} has version {current}; this Oort understands up to version {VERSION}.",
            "Use the Oort that wrote it, or move the folder away to start empty.",
        )
    if current == 0 and _number(connection, "SELECT count(*) FROM sqlite_schema"):
        raise StateUnusable(f"{name} is a database of another program.", "Move the file away.")


def prepare(connection: apsw.Connection) -> None:
    """Create the schema, or migrate an older one, in one transaction."""
    if _number(connection, "PRAGMA user_version") == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Read again under the lock: another process may have been faster.
        for step in STEPS[_number(connection, "PRAGMA user_version") :]:
            connection.execute(step)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def version(connection: apsw.Connection) -> int:
    """Return the version of the file."""
    return _number(connection, "PRAGMA user_version")


def _number(connection: apsw.Connection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    assert row is not None
    return int(row[0])
