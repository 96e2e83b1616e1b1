-- Messages that their consumers cannot read, until there is one that can.
CREATE TABLE parked(
    seq INTEGER PRIMARY KEY, queue TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL, parked REAL NOT NULL,
    payload BLOB NOT NULL);
CREATE INDEX parked_queue ON parked(queue);

-- The events that were published last, as they were fanned out. AUTOINCREMENT, because whoever follows them goes by seq.
CREATE TABLE history(
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, published REAL NOT NULL, payload BLOB NOT NULL);
