"""What the engine's transactions do beyond the contract: order, marks that expire, what is counted."""

from datetime import timedelta

import pytest

from oort.model import limits
from oort.model.errors import LimitExceeded
from oort.model.items import AddTo
from oort.model.operations import DeleteItem, Mark, PublishEvent, PutItem, SendMessage, UpdateItem
from oort.testing.port_suites.target import HAPPENED, NOTES, WORK, message
from tests.unit.engine.services.conftest import Services

DAY = timedelta(days=1)


def count(services: Services, table: str) -> int:
    ((rows,),) = services.store.read(lambda session: session.rows(f"SELECT count(*) FROM {table}"))
    return int(rows)


def test_a_mark_is_good_until_it_expires(services: Services) -> None:
    mark = Mark("f", "m")
    assert services.transactions.commit([], mark)
    services.clock.advance(limits.MARK_RETENTION - DAY)
    assert not services.transactions.commit([], mark)
    services.clock.advance(DAY)
    assert services.transactions.commit([], mark)
    assert not services.transactions.commit([], mark)


def test_expired_marks_go_as_new_ones_come(services: Services) -> None:
    for number in range(20):
        services.transactions.commit([], Mark("f", f"old {number}"))
    services.clock.advance(limits.MARK_RETENTION)
    for number in range(15):
        services.transactions.commit([], Mark("f", f"new {number}"))
    assert count(services, "inbox") == 15


def test_an_expired_mark_that_has_not_gone_yet_is_no_mark(services: Services) -> None:
    """Each commit takes two expired marks away, the oldest first: the last of five is still there when it is asked for."""
    for number in range(5):
        services.transactions.commit([], Mark("f", str(number)))
        services.clock.advance(timedelta(seconds=1))
    services.clock.advance(limits.MARK_RETENTION)
    assert count(services, "inbox") == 5
    assert services.transactions.commit([], Mark("f", "4"))
    assert not services.transactions.commit([], Mark("f", "4"))


def test_a_commit_is_one_commit_of_the_store(services: Services) -> None:
    before = services.store.data_version()
    services.transactions.commit(
        [PutItem(NOTES, {"id": "a"}), SendMessage(WORK, message("1"))], Mark("f", "m")
    )
    assert services.store.data_version() == before + 1


def test_messages_wake_the_dispatcher_and_items_do_not(services: Services) -> None:
    woken: list[int] = []
    services.store.on_commit = lambda: woken.append(1)
    services.transactions.commit([PutItem(NOTES, {"id": "a"})], None)
    assert woken == []
    services.transactions.commit([PublishEvent(HAPPENED, message("1"))], None)
    assert woken == [1]


def test_an_update_counts_with_the_item_it_makes(services: Services) -> None:
    for number in range(11):
        services.tables.put(PutItem(NOTES, {"id": str(number), "text": "x" * 390 * limits.KIB}))
    updates = [UpdateItem(NOTES, (str(number),), (AddTo(("n",), 1),)) for number in range(11)]
    assert services.transactions.commit(updates[:10], None)
    with pytest.raises(LimitExceeded):
        services.transactions.commit(updates, None)
    assert services.transactions.commit(
        [DeleteItem(NOTES, (str(number),)) for number in range(11)], None
    )
