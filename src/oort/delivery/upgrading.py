"""Upgrade all stored items of a table, while the platform runs or not."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from oort.app.handles import upgrades
from oort.app.handles.tables import TableDeclaration
from oort.model.errors import ConditionFailed, NoSuchItem, OortError
from oort.model.items import Item
from oort.model.operations import ScanTable, UpdateItem
from oort.ports.tables import Tables
from oort.rules.tables import keys

_ATTEMPTS = 10  # other writers may change an item at the same time


@dataclass(frozen=True, slots=True)
class Failed:
    """An item that could not be upgraded, by its key, and the reason."""

    key: tuple[object, ...]
    why: str


@dataclass(slots=True)
class Progress:
    """The numbers of items so far."""

    seen: int = 0
    upgraded: int = 0
    failed: int = 0


def upgrade(
    declared: TableDeclaration,
    tables: Tables,
    *,
    write: bool = True,
    progressed: Callable[[Progress], object] = lambda _: None,
) -> Iterator[Failed]:
    """Upgrade every item of the table, and yield the items that cannot be upgraded.

    Without `write`, the upgrades only run. `progressed` is called after each page. An item that
    another program changes at the same time loses nothing.
    """
    progress, after = Progress(), None
    while True:
        page = tables.scan(ScanTable(declared.model.name, after=after))
        for item in page.items:
            progress.seen += 1
            if upgrades.of_item(item) >= declared.revision:
                continue
            try:
                progress.upgraded += _upgraded(item, declared, tables, write=write)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # an upgrade may raise anything
                progress.failed += 1
                why = (
                    str(error)
                    if isinstance(error, OortError)
                    else f"{type(error).__name__}: {error}"
                )
                yield Failed(keys.of(item, declared.model) or (), why)
        progressed(progress)
        after = page.next
        if after is None:
            return


def _upgraded(item: Item, declared: TableDeclaration, tables: Tables, *, write: bool) -> bool:
    """Upgrade one item. False if another writer has removed or upgraded it."""
    key = keys.of(item, declared.model)
    assert key is not None  # it is stored
    stored: Item | None = item
    for _ in range(_ATTEMPTS):
        if stored is None or upgrades.of_item(stored) >= declared.revision:
            return False
        changes = upgrades.changes(stored, declared)
        if not write:
            return True
        same = upgrades.unchanged(stored, declared)
        try:
            tables.update(UpdateItem(declared.model.name, key, changes, when=same))
        except (ConditionFailed, NoSuchItem):
            stored = tables.get(declared.model.name, key)
        else:
            return True
    raise OortError("Other writers change the item all the time.", "Run the command again.")
