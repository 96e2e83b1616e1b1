"""Upgrades of stored items and messages: what they take, and what a stored item becomes."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from oort import Can, Get, Put, Scan, Service, Table, Update, field, fields
from oort.app.handles import upgrades
from oort.app.handles.handle import make
from oort.model import items, operations
from oort.model.errors import OortError, Unreadable
from oort.testing import fake


class V1(msgspec.Struct):
    id: str
    first: str
    last: str


class Person(msgspec.Struct):
    id: str
    name: str
    visits: int = 0


def joined(old: V1) -> Person:
    return Person(old.id, f"{old.first} {old.last}")


service = Service("people")


@service.table("old", key="id")
class Old(Table[str, V1, Can]): ...


@service.table("people", key="id", upgrades=[joined])
class People(Table[str, Person, Can]): ...


DECLARED = People.__oort__
STORED: items.Item = {"id": "1", "first": "Ada", "last": "Lovelace"}


def test_an_old_item_is_read_in_its_new_form() -> None:
    assert upgrades.read(STORED, DECLARED) == Person("1", "Ada Lovelace")
    assert upgrades.read(STORED | {"oort:revision": 1}, DECLARED) == Person("1", "Ada Lovelace")


def test_a_new_item_is_read_as_it_is() -> None:
    new: items.Item = {"id": "1", "name": "Ada", "oort:revision": 2}
    assert DECLARED.read(new) == Person("1", "Ada")
    assert new == {"id": "1", "name": "Ada", "oort:revision": 2}


@pytest.mark.parametrize("revision", [3, 99])
def test_an_item_of_a_newer_program_is_refused(revision: int) -> None:
    with pytest.raises(Unreadable, match=f"has revision {revision}.* knows revision 2"):
        DECLARED.read(STORED | {"oort:revision": revision})


def test_a_program_without_upgrades_refuses_a_newer_item() -> None:
    with pytest.raises(Unreadable, match=r"revision 2.* knows revision 1"):
        Old.__oort__.read(STORED | {"oort:revision": 2})


@pytest.mark.parametrize("revision", ["2", None, 1.5, 0, -1, True])
def test_a_revision_that_oort_did_not_write_counts_as_the_first(revision: Any) -> None:
    assert upgrades.of_item(STORED | {"oort:revision": revision}) == 1


def test_an_upgrade_replaces_the_fields_that_are_gone() -> None:
    changes = upgrades.changes(STORED, DECLARED)
    assert items.SetTo(("name",), "Ada Lovelace") in changes
    assert items.SetTo(("oort:revision",), 2) in changes
    assert {change.path for change in changes if isinstance(change, items.Remove)} == {
        ("first",),
        ("last",),
    }


def moved(old: V1) -> Person:
    return Person("2", old.first)


def unnamed(old: V1) -> Person:
    return Person(old.id, 5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("upgrade", "says"),
    [(moved, "changes the key of an item"), (unnamed, "The upgrade unnamed failed for the item 1")],
)
def test_an_upgrade_is_held_against_key_and_type(upgrade: Any, says: str) -> None:
    with pytest.raises(OortError, match=says):
        upgrades.read(STORED, replace(DECLARED, upgrades=(upgrade,)))


class Racing:
    """A link on which another writer changes the item before each of the first upgrades."""

    def __init__(self, table: Table[str, Person, Any], times: int) -> None:
        self._link, self._times = table._link, times
        self.upgrades = 0

    def perform(self, operation: operations.Operation) -> operations.Result:
        """Perform the operation, after the other writer."""
        if isinstance(operation, operations.UpdateItem) and operation.when is not None:
            self.upgrades += 1
            if self.upgrades <= self._times:
                other = (items.SetTo(("first",), f"Ada {self.upgrades}"),)
                self._link.perform(operations.UpdateItem(operation.table, operation.key, other))
        return self._link.perform(operation)


def raced(times: int) -> tuple[Racing, Table[str, Person, Any]]:
    """A table with an old item and a racing writer."""
    people = fake(People[Get | Put | Update | Scan])
    stored = operations.PutItem(people.__oort__.model.name, dict(STORED))
    people._link.perform(stored)
    link = Racing(people, times)
    state = {name: value for name, value in vars(people).items() if name != "_link"}
    return link, make(type(people), link=link, **state)


def test_another_writer_loses_nothing_to_an_upgrade() -> None:
    link, people = raced(times=2)
    assert people.update("1", field(fields(Person).visits).add(1)) == Person(
        "1", "Ada 2 Lovelace", 1
    )
    assert link.upgrades == 3


def test_an_upgrade_ends_if_another_writer_always_comes_first() -> None:
    link, people = raced(times=1000)
    with pytest.raises(Exception, match="oort:revision"):
        people.update("1", field(fields(Person).visits).add(1))
    assert link.upgrades == 5
