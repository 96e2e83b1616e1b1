"""Check the file of a store: its pages, its version, and the rows of its queues. Nothing is changed."""

from collections.abc import Iterator
from pathlib import Path

import apsw

from oort.engine.rows import forms, messages
from oort.engine.store import schema
from oort.engine.store.session import Session
from oort.engine.store.store import unlocked, unusable
from oort.model.errors import StateUnusable
from oort.model.platform import PlatformModel

_MOST = 20  # problems of a kind


def problems(path: Path, *, key: str | None, platform: PlatformModel | None = None) -> list[str]:
    """Return the problems of the file, as sentences. With a platform, its items must be readable.

    StateUnusable if the file belongs to another program or a newer version.
    """
    try:
        connection = unlocked(path, key)
        try:
            connection.execute("PRAGMA query_only = ON")
            connection.execute("BEGIN")  # one snapshot, beside a running platform
            return list(_problems(connection, path, platform))
        finally:
            connection.close()
    except (apsw.NotADBError, apsw.CorruptError) as error:
        return [str(unusable(error, name=str(path)))]
    except apsw.Error as error:
        raise unusable(error, name=str(path)) from error


def version(path: Path, *, key: str | None) -> int:
    """Return the version of the file's schema."""
    try:
        connection = unlocked(path, key)
        try:
            return schema.version(connection)
        finally:
            connection.close()
    except apsw.Error as error:
        raise unusable(error, name=str(path)) from error


def _problems(
    connection: apsw.Connection, path: Path, platform: PlatformModel | None
) -> Iterator[str]:
    schema.check(connection, name=str(path))
    damaged = [
        f"SQLite: {text}."
        for (text,) in connection.execute(f"PRAGMA integrity_check({_MOST})")
        if text != "ok"
    ]
    if damaged:
        yield from damaged
        return
    if schema.version(connection) < schema.VERSION:
        return  # the next start brings the tables that are read below
    session = Session(connection)
    yield from _of_queues(session)
    if platform is not None:
        try:
            forms.check(session, platform)
        except StateUnusable as error:
            yield str(error)


def _of_queues(session: Session) -> Iterator[str]:
    """The law of queues: every message can be read, has a possible lease and count of attempts,
    and its number is not given again."""
    for seq, queue in session.rows(_IMPOSSIBLE, _MOST):
        yield f"Message {seq} of {queue} has an impossible lease or number of attempts."
    for (seq,) in session.rows(_REUSED):
        yield f"Message {seq} has a number that will be given again."
    for table in ("messages", "dead", "parked"):
        count = 0
        for seq, queue, payload in session.each(f"SELECT seq, queue, payload FROM {table}"):  # noqa: S608  our own names
            try:
                messages.unpacked(payload)
            except Exception as error:  # whatever the decoder makes of damaged bytes
                count += 1
                if count <= _MOST:
                    yield f"Entry {seq} of {queue} in {table} cannot be read: {error}."


_IMPOSSIBLE = """SELECT seq, queue FROM messages
WHERE attempts < 0 OR interrupted < 0 OR leased NOT IN (0, 1) OR (leased = 1 AND attempts = 0)
LIMIT ?"""
_REUSED = """SELECT max(seq) FROM messages HAVING max(seq) >
coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'messages'), 0)"""
