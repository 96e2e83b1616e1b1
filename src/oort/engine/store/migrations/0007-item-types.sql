-- The schemas with which a program last wrote items of a revision above 1: another branch may have made the same revision.
CREATE TABLE item_types(tbl TEXT NOT NULL, revision INTEGER NOT NULL, schemas TEXT NOT NULL, PRIMARY KEY(tbl, revision)) WITHOUT ROWID;
