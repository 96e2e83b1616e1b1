"""The key, the revision and the type of the items of each table, as the store records them.

A program with another key would find no item, and would write a second item beside it. A program
with fewer upgrades would misread the items of a newer program. So would a program of another branch
that made the same revision. The types of revision 1 are not recorded: no upgrade made them.
"""

from collections.abc import Iterator

from oort.engine.rows.encoding import decoded
from oort.engine.store.session import Session
from oort.model.errors import StateUnusable
from oort.model.items import REVISION
from oort.model.platform import PlatformModel
from oort.model.resources import TableModel

_START_EMPTY = "or start with an empty state (--state DIR)"
_Types = dict[tuple[str, int], str]


def record(session: Session, platform: PlatformModel) -> None:
    """Record the form of every table. Raises StateUnusable if stored items have another form."""
    for table in check(session, platform):
        session.run(
            "INSERT OR REPLACE INTO forms(tbl, key, revision) VALUES(?, ?, ?)",
            table.name,
            _key(table),
            table.revision,
        )
        for revision, schemas in _written(table):
            session.run(
                "INSERT OR REPLACE INTO item_types(tbl, revision, schemas) VALUES(?, ?, ?)",
                table.name,
                revision,
                schemas,
            )


def check(session: Session, platform: PlatformModel) -> list[TableModel]:
    """Return the tables with another form than the recorded one.

    Raises StateUnusable if the program would misread stored items.
    """
    rows = session.rows("SELECT tbl, key, revision FROM forms")
    stored = {table: (key, revision) for table, key, revision in rows}
    types: _Types = {
        (table, revision): schemas
        for table, revision, schemas in session.rows(
            "SELECT tbl, revision, schemas FROM item_types"
        )
    }
    changed = [
        table
        for table in platform.tables
        if stored.get(table.name) != (_key(table), table.revision)
        or any(types.get((table.name, number)) != text for number, text in _written(table))
    ]
    for table in changed:
        if table.name in stored and _has_items(session, table):
            _check(table, *stored[table.name])
    for table in platform.tables:
        _check_types(session, table, types)
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


def _check_types(session: Session, table: TableModel, types: _Types) -> None:
    """Raise StateUnusable if another branch made a revision of the stored items."""
    for revision, schemas in enumerate(table.schemas, 2):
        recorded = types.get((table.name, revision), schemas)
        if schemas == recorded or not _are_strangers(recorded, schemas):
            continue
        if _has_items_of(session, table, revision):
            raise StateUnusable(
                f"The items of {table.name} with revision {revision} have another type than revision "
                f"{revision} in the program ({table.source}). Two branches have made revision "
                f"{revision}, or its type was changed.",
                f"Start the program that wrote them. Or keep its upgrade, and make the other "
                f"revision {revision + 1}: its upgrade comes next in upgrades=[…]. Or start with an "
                "empty state (--state DIR).",
            )


def _are_strangers(recorded: str, schemas: str) -> bool:
    if not recorded or not schemas:
        return False
    from oort.rules.contracts import same_revision  # only after a change of a type

    return same_revision.are_strangers(
        same_revision.parsed(recorded), same_revision.parsed(schemas)
    )


def _written(table: TableModel) -> Iterator[tuple[int, str]]:
    """Yield the revision that the program writes, with its schemas, if an upgrade made it."""
    if table.schemas:
        yield table.revision, table.schemas[-1]


def _has_items(session: Session, table: TableModel) -> bool:
    return bool(session.rows("SELECT 1 FROM items WHERE tbl = ? LIMIT 1", table.name))


def _has_items_of(session: Session, table: TableModel, revision: int) -> bool:
    values = session.each("SELECT value FROM items WHERE tbl = ?", table.name)
    return any(decoded(value).get(REVISION) == revision for (value,) in values)


def _key(table: TableModel) -> str:
    """Return the key for people: `id (text), n (number)`."""
    kinds = ("number" if name in table.numeric else "text" for name in table.key)
    return ", ".join(f"{name} ({kind})" for name, kind in zip(table.key, kinds, strict=True))
