-- When each scheduled function runs next; definition is what that was computed from.
CREATE TABLE schedules(
    function TEXT NOT NULL PRIMARY KEY, definition TEXT NOT NULL, due REAL NOT NULL) WITHOUT ROWID;
