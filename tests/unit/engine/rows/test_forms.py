"""The recorded key and revision of tables: which program may use stored items."""

from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest

from oort.engine.rows import forms
from oort.engine.rows.encoding import encoded
from oort.engine.store.direct import DirectStore
from oort.model.contracts import Schemas
from oort.model.errors import Source, StateUnusable
from oort.model.items import REVISION
from oort.model.platform import PlatformModel, ServiceModel
from oort.model.resources import TableModel
from oort.rules.contracts import same_revision
from oort.rules.events import event_schemas

TABLE = TableModel("shop.a", "shop", "id", None, None, (), Source("shop.py", 3))


def platform(*tables: TableModel) -> PlatformModel:
    return PlatformModel("lab", (ServiceModel(name="shop", resources=tables),))


@pytest.fixture
def store() -> Iterator[DirectStore]:
    """A store in which a program has an item in its table."""
    opened = DirectStore()
    opened.write(lambda session: forms.record(session, platform(TABLE)))
    opened.write(
        lambda session: session.run("INSERT INTO items VALUES('shop.a', x'01', x'', x'80')")
    )
    yield opened
    opened.close()


WRONG = {
    "another field": (replace(TABLE, partition="n"), "the program declares n (text)"),
    "another kind": (
        replace(TABLE, numeric=frozenset({"id"})),
        "the program declares id (number)",
    ),
    "one field more": (replace(TABLE, sort="n"), "the program declares id (text), n (text)"),
}


@pytest.mark.parametrize("name", WRONG)
def test_another_key_is_refused_while_there_are_items(store: DirectStore, name: str) -> None:
    table, says = WRONG[name]
    for use in (forms.record, forms.check):
        with pytest.raises(StateUnusable) as raised:
            store.write(lambda session, use=use: use(session, platform(table)))  # type: ignore[misc]
        assert "The items of shop.a have the key id (text)" in str(raised.value)
        assert says in str(raised.value)
        assert "shop.py:3" in str(raised.value)
    store.write(lambda session: session.run("DELETE FROM items"))
    store.write(lambda session: forms.record(session, platform(table)))
    assert store.read(lambda session: forms.check(session, platform(table))) == []


def test_a_higher_revision_is_recorded_and_a_lower_one_is_refused(store: DirectStore) -> None:
    newer = platform(replace(TABLE, revision=3))
    store.write(lambda session: forms.record(session, newer))
    with pytest.raises(StateUnusable, match=r"have revision 3, and the program knows revision 1"):
        store.read(lambda session: forms.check(session, platform(TABLE)))
    assert store.read(lambda session: forms.check(session, newer)) == []


def test_a_table_that_goes_and_comes_back_is_still_known(store: DirectStore) -> None:
    store.write(lambda session: forms.record(session, platform()))
    with pytest.raises(StateUnusable):
        store.write(lambda session: forms.record(session, platform(replace(TABLE, partition="n"))))


def test_the_items_of_an_older_oort_are_taken_as_they_are() -> None:
    store = DirectStore()
    store.write(
        lambda session: session.run("INSERT INTO items VALUES('shop.a', x'01', x'', x'80')")
    )
    store.write(lambda session: forms.record(session, platform(TABLE)))
    assert store.read(lambda session: forms.check(session, platform(TABLE))) == []
    store.close()


def schemas(*fields: tuple[str, type] | tuple[str, type, object]) -> str:
    """The schemas of an item with these fields."""
    kind = msgspec.defstruct("Item", [("id", str), *fields])
    return same_revision.text(Schemas(*event_schemas.both(kind)))


CENTS, TEXT = schemas(("cents", int)), schemas(("text", str))
NOTED, SIZED = schemas(("note", str, "")), schemas(("size", int, 0))
MORE = schemas(("cents", int), ("note", str, ""))


def revised(*types: str) -> TableModel:
    """The table with an upgrade to each of these types."""
    return replace(TABLE, revision=len(types) + 1, schemas=types)


def written(store: DirectStore, table: TableModel, *, revision: int) -> None:
    """A program starts and writes an item."""
    item = encoded({"id": "a", REVISION: revision})
    store.write(lambda session: forms.record(session, platform(table)))
    store.write(
        lambda session: session.run("INSERT INTO items VALUES('shop.a', x'02', x'', ?)", item)
    )


def refusal(store: DirectStore, table: TableModel) -> str:
    """The sentence of the refusal, or nothing."""
    try:
        store.read(lambda session: forms.check(session, platform(table)))
    except StateUnusable as error:
        return str(error)
    return ""


@pytest.mark.parametrize(("mine", "theirs"), [(CENTS, TEXT), (NOTED, SIZED)])
def test_the_same_revision_of_another_branch_is_refused_while_it_has_items(
    store: DirectStore, mine: str, theirs: str
) -> None:
    written(store, revised(mine), revision=2)
    assert refusal(store, revised(mine)) == ""
    for table in (revised(theirs), revised(theirs, TEXT)):
        said = refusal(store, table)
        assert "The items of shop.a with revision 2 have another type" in said
        assert "Two branches have made revision 2" in said
        assert "make the other revision 3" in said
        assert "shop.py:3" in said
    assert refusal(store, revised(mine, theirs)) == ""
    store.write(lambda session: session.run("DELETE FROM items WHERE pk = x'02'"))
    assert refusal(store, revised(theirs)) == ""
    written(store, revised(theirs), revision=2)
    assert refusal(store, revised(mine)) != ""


def test_a_type_that_grows_is_no_other_revision(store: DirectStore) -> None:
    written(store, revised(CENTS), revision=2)
    assert refusal(store, revised(MORE)) == ""
    assert refusal(store, revised("")) == ""
    store.write(lambda session: forms.record(session, platform(revised(MORE))))
    assert store.read(lambda session: forms.check(session, platform(revised(MORE)))) == []
    assert refusal(store, revised(TEXT)) != ""


def test_items_that_were_all_upgraded_refuse_no_program(store: DirectStore) -> None:
    written(store, revised(CENTS, TEXT), revision=3)
    assert refusal(store, revised(TEXT, TEXT)) == ""
    assert refusal(store, revised(TEXT, NOTED)) != ""
