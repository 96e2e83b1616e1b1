"""The work of subject/notes.py in plain FastAPI: no token, no trace, no log line, no encryption, which favours the rival.

The endpoints are `async def` and use SQLite in place: the fastest way, since `def` would add a hop to a thread.
"""

import os
import sqlite3
from typing import Annotated

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

Id = Annotated[str, Field(pattern="^n[0-9]+$", max_length=20)]
Shelf = Annotated[str, Field(min_length=1, max_length=40)]


class Note(BaseModel):
    """A note as it is stored and shown."""

    id: Id
    shelf: Shelf
    text: Annotated[str, Field(max_length=2000)]
    pinned: bool = False
    stars: Annotated[int, Field(ge=0, le=5)] = 0


class Wanted(BaseModel):
    """Which note."""

    id: Id
    shelf: Shelf


def opened() -> sqlite3.Connection:
    """The database of this run, as durable as Oort's."""
    database = sqlite3.connect(
        os.environ["BENCH_DATABASE"], isolation_level=None, check_same_thread=False
    )
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("PRAGMA wal_autocheckpoint = 4000")
    database.execute(
        "CREATE TABLE IF NOT EXISTS notes(shelf TEXT, id TEXT, text TEXT, pinned INTEGER, stars INTEGER, "
        "PRIMARY KEY(shelf, id)) WITHOUT ROWID"
    )
    return database


app = FastAPI()
database = opened()


@app.get("/notes/ready")
async def ready() -> dict[str, str]:
    """Whether the server answers, and how SQLite was set up."""
    return {"synchronous": str(database.execute("PRAGMA synchronous").fetchone()[0])}


@app.post("/notes/find")
async def find(body: Wanted) -> Note:
    """Read one row."""
    row = database.execute(
        "SELECT id, shelf, text, pinned, stars FROM notes WHERE shelf = ? AND id = ?",
        (body.shelf, body.id),
    ).fetchone()
    if row is None:
        raise HTTPException(404)
    return Note(id=row[0], shelf=row[1], text=row[2], pinned=bool(row[3]), stars=row[4])


@app.post("/notes", status_code=201)
async def add(body: Note) -> Note:
    """Write one row in a transaction of its own."""
    database.execute(
        "INSERT OR REPLACE INTO notes VALUES(?, ?, ?, ?, ?)",
        (body.shelf, body.id, body.text, body.pinned, body.stars),
    )
    return body
