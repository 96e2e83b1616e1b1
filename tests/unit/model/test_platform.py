"""The program as data: look-ups across services."""

from dataclasses import FrozenInstanceError

import pytest

from oort.model import limits
from oort.model.resources import IndexModel, Kind
from tests.unit import programs


def test_a_platform_lists_what_its_services_own() -> None:
    platform = programs.sign_up()
    assert [one.name for one in platform.functions] == [
        "accounts.sign-up",
        "accounts.read",
        "email.welcome",
        "email.deliver",
    ]
    assert [one.name for one in platform.tables] == ["accounts.people"]
    assert [one.name for one in platform.queues] == ["email.outgoing", "email.welcome"]
    assert [one.name for one in platform.events] == ["accounts.signed-up"]


def test_the_subscribers_of_an_event_are_the_queues_that_get_a_copy() -> None:
    platform = programs.sign_up()
    assert [queue.name for queue in platform.subscribers("accounts.signed-up")] == ["email.welcome"]
    assert platform.subscribers("accounts.closed") == ()


def test_a_tables_key_has_one_part_or_two() -> None:
    assert programs.table("shop.orders").key == ("id",)
    assert programs.table("shop.orders", sort="placed").key == ("id", "placed")


def test_an_index_is_found_by_its_name() -> None:
    index = IndexModel("by_day", "day", "placed", primary=False)
    orders = programs.table("shop.orders", index)
    assert orders.index("by_day") is index
    with pytest.raises(KeyError):
        orders.index("by_night")


def test_models_are_frozen_and_kinds_are_text() -> None:
    with pytest.raises(FrozenInstanceError):
        programs.table("shop.orders").name = "other"  # type: ignore[misc]
    assert f"{Kind.TABLE}" == "table"


def test_limits_hold_together() -> None:
    assert limits.VISIBILITY_PER_TIMEOUT * limits.FUNCTION_TIMEOUT <= limits.VISIBILITY
    assert limits.RETENTION < limits.MARK_RETENTION
    assert limits.MESSAGE_BYTES < limits.ITEM_BYTES < limits.TRANSACTION_BYTES
    assert limits.ITEM_DEPTH < limits.JSON_DEPTH
