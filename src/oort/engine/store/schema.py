"""The schema of the store's file, its version, and the steps from older versions.

Only columns of lookups have an index.
"""

import apsw

from oort.model.errors import StateUnusable

_FIRST = """
-- pk and sk are rules.keys.ordered bytes, so that SQLite's memcmp order is DynamoDB's order.
CREATE TABLE items(
    tbl TEXT NOT NULL, pk BLOB NOT NULL, sk BLOB NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY(tbl, pk, sk)) WITHOUT ROWID;

-- What the secondary indexes hold; idx is table/index.
CREATE TABLE entries(
    idx TEXT NOT NULL, ipk BLOB NOT NULL, isk BLOB NOT NULL, pk BLOB NOT NULL, sk BLOB NOT NULL,
    PRIMARY KEY(idx, ipk, isk, pk, sk)) WITHOUT ROWID;

-- The attributes that each index in `entries` was built from: another definition means that it must be built again.
CREATE TABLE definitions(idx TEXT NOT NULL PRIMARY KEY, partition TEXT NOT NULL, sort TEXT) WITHOUT ROWID;

-- What index queries still see of an item until `shown`; used only when a test delays its indexes.
CREATE TABLE lagging(
    seq INTEGER PRIMARY KEY, tbl TEXT NOT NULL, pk BLOB NOT NULL, sk BLOB NOT NULL, shown REAL NOT NULL, value BLOB);

-- AUTOINCREMENT, because a receipt names seq: a number that came back would let a stale receipt settle another message.
CREATE TABLE messages(
    seq INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, sent REAL NOT NULL, visible REAL NOT NULL,
    attempts INTEGER NOT NULL, leased INTEGER NOT NULL, interrupted INTEGER NOT NULL DEFAULT 0,
    payload BLOB NOT NULL);
CREATE INDEX messages_visible ON messages(queue, visible);

CREATE TABLE dead(
    seq INTEGER PRIMARY KEY, queue TEXT NOT NULL, attempts INTEGER NOT NULL, died REAL NOT NULL, error TEXT NOT NULL,
    payload BLOB NOT NULL);
CREATE INDEX dead_queue ON dead(queue);

-- seq is the order of the commits, and so of each key too. AUTOINCREMENT keeps it so after rows are gone.
CREATE TABLE outbox(
    seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, name TEXT NOT NULL, visible REAL NOT NULL,
    payload BLOB NOT NULL);

CREATE TABLE inbox(
    function TEXT NOT NULL, message TEXT NOT NULL, expires REAL NOT NULL,
    PRIMARY KEY(function, message)) WITHOUT ROWID;
CREATE INDEX inbox_expires ON inbox(expires);

-- Spans of one invocation in one row: 25 x cheaper than a row a span.
CREATE TABLE segments(
    seq INTEGER PRIMARY KEY, trace TEXT NOT NULL, spans BLOB NOT NULL);
CREATE INDEX segments_trace ON segments(trace);
"""

_SCHEDULES = """
-- When each scheduled function runs next; definition is what that was computed from.
CREATE TABLE schedules(
    function TEXT NOT NULL PRIMARY KEY, definition TEXT NOT NULL, due REAL NOT NULL) WITHOUT ROWID;
"""

_EFFECTS = """
-- What deliveries did outside: a lease until there is a result.
CREATE TABLE effects(
    seq INTEGER PRIMARY KEY, function TEXT NOT NULL, message TEXT NOT NULL, name TEXT NOT NULL, holder TEXT NOT NULL,
    until REAL NOT NULL, expires REAL NOT NULL, result BLOB, UNIQUE(function, message, name));
CREATE INDEX effects_expires ON effects(expires);
CREATE INDEX effects_leased ON effects(until) WHERE result IS NULL;
"""

_PARKED = """
-- Messages that their consumers cannot read, until there is one that can.
CREATE TABLE parked(
    seq INTEGER PRIMARY KEY, queue TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL, parked REAL NOT NULL,
    payload BLOB NOT NULL);
CREATE INDEX parked_queue ON parked(queue);

-- The events that were published last, as they were fanned out. AUTOINCREMENT, because whoever follows them goes by seq.
CREATE TABLE history(
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, published REAL NOT NULL, payload BLOB NOT NULL);
"""

# The step at position n leads from version n to version n + 1. Steps are never edited once they are released.
STEPS = (_FIRST, _SCHEDULES, _EFFECTS, _PARKED)
VERSION = len(STEPS)


def check(connection: apsw.Connection, *, name: str) -> None:
    """Raise StateUnusable if the file belongs to another program, or is newer than this program."""
    version = _number(connection, "PRAGMA user_version")
    if version > VERSION:
        raise StateUnusable(
            f"The state in {name} has version {version}; this Oort understands up to version {VERSION}.",
            "Use the Oort that wrote it, or move the folder away to start empty.",
        )
    if version == 0 and _number(connection, "SELECT count(*) FROM sqlite_schema"):
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


def _number(connection: apsw.Connection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    assert row is not None
    return int(row[0])
