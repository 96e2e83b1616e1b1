"""The upgrades of a table, as the loader finds them. `scenarios/mistakes_of_resources` has its mistakes."""

from typing import Annotated

import msgspec

from oort import Can, Service, Table
from oort.app.declaring import upgrades
from oort.app.loading.loader import load
from oort.model.platform import PlatformModel
from oort.rules.contracts import same_revision


class First(msgspec.Struct):
    id: str


class Second(msgspec.Struct):
    id: str
    size: int = 0


class Odd(msgspec.Struct):
    id: str
    odd: dict[Annotated[float, msgspec.Meta(ge=0)], int] = {}


def second(old: First) -> Second:
    return Second(old.id)


def odd(old: Second) -> Odd:
    return Odd(old.id)


def test_the_schemas_are_those_of_the_second_revision_and_later() -> None:
    (recorded,) = upgrades.schemas([second], Second)
    assert same_revision.parsed(recorded).reader["$ref"] == "#/$defs/Second"
    assert upgrades.schemas([second, odd], Odd) == (recorded, "")
    assert upgrades.schemas([], First) == ()


def test_the_model_of_a_table_has_them() -> None:
    shop = Service("shop")

    @shop.table("things", key="id", upgrades=[second])
    class Things(Table[str, Second, Can]): ...

    @shop.table("plain", key="id")
    class Plain(Table[str, First, Can]): ...

    model: PlatformModel = load([shop]).model
    assert [table.schemas for table in model.tables] == [upgrades.schemas([second], Second), ()]
