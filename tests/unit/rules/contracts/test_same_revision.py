"""Two types of the same revision: which grew from the other, and which two branches made."""

import msgspec
import pytest

from oort.model.contracts import DataLock, Schemas
from oort.model.resources import Kind
from oort.rules.contracts import revisions, same_revision
from oort.rules.events import event_schemas


class Item(msgspec.Struct):
    id: str


class Noted(msgspec.Struct):
    id: str
    note: str = ""


class Sized(msgspec.Struct):
    id: str
    size: int = 0


class Number(msgspec.Struct):
    id: int


class Needs(msgspec.Struct):
    id: str
    note: str


def schemas(kind: object) -> Schemas:
    return Schemas(*event_schemas.both(kind))


def lock(*kinds: object, stages: tuple[str, ...] = ("prod",)) -> DataLock:
    """The lock after these types were published: each is a revision of its own."""
    newest, *earlier = [
        revisions.form(revision=number, key={"id": "text"}, parts={"item": schemas(kind)})
        for number, kind in reversed([*enumerate(kinds, 1)])
    ]
    return DataLock(
        kind=Kind.TABLE, name="shop.a", form=newest, earlier=tuple(earlier), published=stages
    )


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (Item, Item, False),
        (Item, Noted, False),
        (Noted, Item, False),
        (Noted, Sized, True),
        (Item, Number, True),
        (Item, Needs, True),
        (Noted, Needs, True),  # an update may have removed the note
    ],
)
def test_strangers_are_types_of_which_none_grew_from_the_other(
    before: object, now: object, expected: bool
) -> None:
    recorded = same_revision.text(schemas(before))
    assert same_revision.parsed(recorded) == schemas(before)
    assert same_revision.are_strangers(schemas(before), schemas(now)) is expected


def test_a_doubt_is_no_proof() -> None:
    part = schemas(Item)
    odd = Schemas(part.writer, {**part.reader, "unevaluatedProperties": {"type": "integer"}})
    assert not same_revision.are_strangers(part, odd)


def test_a_revision_is_made_by_both_without_a_shared_form() -> None:
    mine = lock(Item, Noted, Number)
    assert same_revision.made_by_both(mine, lock(Item, Sized)) == [2]
    assert same_revision.made_by_both(mine, lock(Item, Sized, Number)) == [2]
    assert same_revision.made_by_both(mine, lock(Item, Noted, Sized)) == [3]
    assert same_revision.made_by_both(mine, mine) == []
    assert same_revision.made_by_both(mine, lock(Item, Noted)) == []


def test_drafts_and_first_types_are_not_made_by_both() -> None:
    assert same_revision.made_by_both(lock(Item, Noted), lock(Item, Sized, stages=())) == []
    assert same_revision.made_by_both(lock(Item), lock(Number)) == []
