-- The jumps of the wall clock that were noticed, in seconds: all of them, and what no message may be older by.
CREATE TABLE jumps(id INTEGER PRIMARY KEY CHECK(id = 1), total REAL NOT NULL, forgiven REAL NOT NULL);
