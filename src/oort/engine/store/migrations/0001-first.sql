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
