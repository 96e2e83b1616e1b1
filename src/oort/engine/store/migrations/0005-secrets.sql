-- Values that operators set. The file is encrypted.
CREATE TABLE secrets(name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL, changed REAL NOT NULL) WITHOUT ROWID;
