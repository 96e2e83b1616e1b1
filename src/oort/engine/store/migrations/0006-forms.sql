-- The key and the revision with which a program last wrote a table: another program must not misread its items.
CREATE TABLE forms(tbl TEXT NOT NULL PRIMARY KEY, key TEXT NOT NULL, revision INTEGER NOT NULL) WITHOUT ROWID;
