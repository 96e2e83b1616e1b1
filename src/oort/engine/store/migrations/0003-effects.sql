-- What deliveries did outside: a lease until there is a result.
CREATE TABLE effects(
    seq INTEGER PRIMARY KEY, function TEXT NOT NULL, message TEXT NOT NULL, name TEXT NOT NULL, holder TEXT NOT NULL,
    until REAL NOT NULL, expires REAL NOT NULL, result BLOB, UNIQUE(function, message, name));
CREATE INDEX effects_expires ON effects(expires);
CREATE INDEX effects_leased ON effects(until) WHERE result IS NULL;
