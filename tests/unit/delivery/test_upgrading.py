"""The upgrade of all items of a table, beside other writers and over several pages."""

from asyncio import CancelledError
from dataclasses import replace

import pytest

from oort import Get, NotFound, Put
from oort.delivery import upgrading
from oort.delivery.upgrading import Progress
from oort.model import items
from oort.model.errors import ConditionFailed
from oort.model.items import Item, Key
from oort.model.operations import (
    DeleteItem,
    GetItems,
    Listed,
    PutItem,
    QueryIndex,
    ScanTable,
    UpdateItem,
)
from oort.testing import fake
from tests.unit.app.handles.test_upgrades import DECLARED, STORED, V1, People, Person

NEW: Item = {"id": "9", "name": "Bo", "visits": 0, "oort:revision": 2}


class Memory:
    """Tables that hold one table, with another writer at work before each update."""

    def __init__(self, *stored: Item, page: int = 2) -> None:
        self.items = {str(item["id"]): dict(item) for item in stored}
        self.writes = 0
        self.before: list[Item | None] = []
        self._page = page

    def get(self, table: str, key: Key) -> Item | None:
        """See `ports.tables`."""
        return self.items.get(str(key[0]))

    def update(self, operation: UpdateItem) -> Item:
        """See `ports.tables`."""
        name = str(operation.key[0])
        if self.before:
            other = self.before.pop(0)
            if other is None:
                del self.items[name]
            else:
                self.items[name] = dict(other)
        from oort.rules.tables import conditions

        stored = self.items.get(name)
        if operation.when is not None and not conditions.holds(operation.when, stored):
            raise ConditionFailed("Another item.")
        self.writes += 1
        self.items[name] = conditions.changed(stored or {}, operation.changes)
        return self.items[name]

    def scan(self, operation: ScanTable) -> Listed:
        """See `ports.tables`."""
        start = int(operation.after or 0)
        page = list(self.items.values())[start : start + self._page]
        more = start + self._page < len(self.items)
        return Listed([dict(item) for item in page], str(start + self._page) if more else None)

    def get_many(self, operation: GetItems) -> Listed:
        raise NotImplementedError

    def put(self, operation: PutItem) -> None:
        raise NotImplementedError

    def delete(self, operation: DeleteItem) -> None:
        raise NotImplementedError

    def query(self, operation: QueryIndex) -> Listed:
        raise NotImplementedError


def upgraded(tables: Memory, *, write: bool = True) -> tuple[list[upgrading.Failed], Progress]:
    progress: list[Progress] = []
    failed = list(upgrading.upgrade(DECLARED, tables, write=write, progressed=progress.append))
    return failed, progress[-1]


def test_all_pages_are_upgraded() -> None:
    tables = Memory(*(STORED | {"id": str(number)} for number in range(5)), NEW)
    assert upgraded(tables) == ([], Progress(seen=6, upgraded=5))
    assert {item["oort:revision"] for item in tables.items.values()} == {2}
    assert upgraded(tables) == ([], Progress(seen=6, upgraded=0))
    assert tables.writes == 5


def test_without_writing_nothing_changes() -> None:
    tables = Memory(STORED)
    assert upgraded(tables, write=False) == ([], Progress(seen=1, upgraded=1))
    assert tables.items == {"1": STORED}


def test_an_item_that_changes_meanwhile_is_upgraded_in_its_new_form() -> None:
    tables = Memory(STORED)
    tables.before = [STORED | {"first": "Grace"}, STORED | {"last": "Hopper"}]
    assert upgraded(tables) == ([], Progress(seen=1, upgraded=1))
    assert tables.items["1"]["name"] == "Ada Hopper"


def test_an_item_that_another_writer_removes_or_upgrades_is_left() -> None:
    for other in (None, NEW | {"id": "1"}):
        tables = Memory(STORED)
        tables.before = [other]
        assert upgraded(tables) == ([], Progress(seen=1, upgraded=0))
        assert tables.writes == 0


def test_an_item_that_always_changes_is_named() -> None:
    tables = Memory(STORED)
    tables.before = [STORED | {"first": str(number)} for number in range(1000)]
    (failed,), progress = upgraded(tables)
    assert (failed.key, progress.failed) == (("1",), 1)
    assert "Other writers change the item" in failed.why


def test_an_item_that_does_not_fit_its_old_type_is_named_and_the_others_go_on() -> None:
    broken: Item = {"id": "0", "first": 5}
    (failed,), progress = upgraded(Memory(broken, STORED))
    assert failed.key == ("0",)
    assert "does not fit V1" in failed.why
    assert (progress.seen, progress.upgraded, progress.failed) == (2, 1, 1)


@pytest.mark.parametrize("raised", [SystemExit(5), NotFound("Nobody."), CancelledError()])
def test_an_item_whose_upgrade_raises_is_named_and_the_others_go_on(raised: BaseException) -> None:
    def broken(old: V1) -> Person:
        if old.id == "1":
            raise raised
        return Person(old.id, old.first)

    declared = replace(DECLARED, upgrades=(broken,))
    progress: list[Progress] = []
    tables = Memory(STORED, STORED | {"id": "2"})
    (failed,) = upgrading.upgrade(declared, tables, write=False, progressed=progress.append)
    assert failed.key == ("1",)
    assert type(raised).__name__ in failed.why
    assert progress[-1] == Progress(seen=2, upgraded=1, failed=1)


def test_an_interrupt_ends_the_command() -> None:
    def broken(old: V1) -> Person:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(upgrading.upgrade(replace(DECLARED, upgrades=(broken,)), Memory(STORED)))


def test_a_fake_table_reads_what_was_upgraded() -> None:
    people = fake(People[Get | Put])
    people.put(Person("1", "Ada"))
    assert people.get("1") == Person("1", "Ada")
    assert items.REVISION in people.__oort__.write(Person("1", "Ada"))
