"""All ports use another model at once, or none does."""

import pytest

from oort.engine.clocks import VirtualClock
from oort.engine.services import bundle
from oort.engine.store.direct import DirectStore
from oort.model.errors import StateUnusable
from oort.model.operations import PutItem
from oort.model.platform import PlatformModel, ServiceModel
from tests.unit import programs


def platform(*names: str, sort: str | None = None) -> PlatformModel:
    """A model with these tables."""
    tables = tuple(programs.table(f"shop.{name}", sort=sort) for name in names)
    return PlatformModel("p", (ServiceModel(name="shop", resources=tables),))


def test_a_new_table_can_be_used_and_a_misread_one_changes_nothing() -> None:
    before, wider = platform("items"), platform("items", "more")
    ports = bundle.on(DirectStore(), platform=before, clock=VirtualClock())
    ports.tables.prepare()
    ports.tables.put(PutItem("shop.items", {"id": "1"}))
    with pytest.raises(KeyError):
        ports.tables.get("shop.more", ("1",))
    ports.adopt(wider, before=before)
    assert ports.tables.get("shop.more", ("1",)) is None
    with pytest.raises(StateUnusable, match="have the key"):
        ports.adopt(platform("items", "third", sort="n"), before=wider)
    assert ports.tables.get("shop.items", ("1",)) == {"id": "1"}
    with pytest.raises(KeyError):
        ports.tables.get("shop.third", ("1",))
