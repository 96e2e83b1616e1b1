"""The recorded key and revision of tables: which program may use stored items."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from oort.engine.rows import forms
from oort.engine.store.direct import DirectStore
from oort.model.errors import Source, StateUnusable
from oort.model.platform import PlatformModel, ServiceModel
from oort.model.resources import TableModel

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
