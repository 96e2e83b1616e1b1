"""The key and the revision of the items of each table, as the store records them.

A program with another key would find no item, and would write a second item beside it. A program
with fewer upgrades would misread the items of a newer program.
"""

from oort.engine.store.session import Session
from oort.model.errors import StateUnusable
from oort.model.platform import PlatformModel
from oort.model.resources import TableModel

_START_EMPTY = "or start with an empty state (--state DIR)"


def record(session: Session, platform: PlatformModel) -> None:
    """Record the form of every table. Raises StateUnusable if stored items have another form."""
    for table in check(session, platform):
        session.run(
            "INSERT OR REPLACE INTO forms(tbl, key, revision) VALUES(?, ?, ?)",
            table.name,
            _key(table),
            table.revision,
        )


def check(session: Session, platform: PlatformModel) -> list[TableModel]:
    """Return the tables with another form than the recorded one.

    Raises StateUnusable if the program would misread stored items.
    """
    rows = session.rows("SELECT tbl, key, revision FROM forms")
    stored = {table: (key, revision) for table, key, revision in rows}
    changed = [
        table
        for table in platform.tables
        if stored.get(table.name) != (_key(table), table.revision)
    ]
    for table in changed:
        if table.name in stored and _has_items(session, table):
            _check(table, *stored[table.name])
    return changed


def _check(table: TableModel, key: str, revision: int) -> None:
    if key != _key(table):
        raise StateUnusable(
            f"The items of {table.name} have the key {key}, and the program declares {_key(table)} "
            f"({table.source}).",
            f"Keep the key, declare another table, {_START_EMPTY}.",
        )
    if revision > table.revision:
        raise StateUnusable(
            f"The items of {table.name} have revision {revision}, and the program knows revision "
            f"{table.revision} ({table.source}).",
            f"Start the program that wrote them, keep its upgrades, {_START_EMPTY}.",
        )


def _has_items(session: Session, table: TableModel) -> bool:
    return bool(session.rows("SELECT 1 FROM items WHERE tbl = ? LIMIT 1", table.name))


def _key(table: TableModel) -> str:
    """Return the key for people: `id (text), n (number)`."""
    kinds = ("number" if name in table.numeric else "text" for name in table.key)
    return ", ".join(f"{name} ({kind})" for name, kind in zip(table.key, kinds, strict=True))
