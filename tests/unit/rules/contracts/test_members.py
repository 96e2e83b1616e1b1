"""The members that a schema lists, wherever they stand, and what is told of them."""

import msgspec
import pytest

from oort.model.contracts import Schema
from oort.rules.contracts import members
from oort.rules.events import event_schemas
from tests.unit.rules.contracts.samples import Noted, Sold, revision


class Address(msgspec.Struct, kw_only=True):
    street: str
    country: str = "NO"


class Tree(msgspec.Struct, kw_only=True):
    name: str
    children: list["Tree"] = []
    pair: tuple[int, Address] | None = None
    by_name: dict[str, Address] = {}


def test_members_are_found_in_lists_maps_rows_and_unions_and_once_in_what_holds_itself() -> None:
    found = members.members(event_schemas.reader(Tree))
    assert list(found) == [
        "/name", "/children", "/pair", "/pair/1/street", "/pair/1/country", "/by_name", "/by_name/*/street",
        "/by_name/*/country",
    ]  # fmt: skip
    assert "Tree" in found["/children"]["$defs"]  # type: ignore[operator]
    assert "$defs" not in found["/name"]


def test_a_removed_name_keeps_the_last_schema_that_it_had() -> None:
    first, second = revision(Noted), revision(Sold)
    assert members.removed([first], first) == ()
    (gone,) = members.removed([second, first], second)
    assert (gone.pointer, gone.schema) == ("/note", {"type": "string"})


def test_only_what_both_have_is_a_changed_default() -> None:
    def one(**properties: object) -> Schema:
        return {"properties": {name: {"default": value} for name, value in properties.items()}}  # type: ignore[dict-item]

    before, now = one(a=1, b=1, c=1), one(a=1, b=2, d=3)
    assert list(members.changed_defaults(before, now)) == [("/b", 1, 2)]
    assert list(members.changed_defaults({"properties": {"a": {}}}, one(a=1))) == []


def test_a_reference_that_leads_nowhere_is_left() -> None:
    assert members.members({"properties": {"a": {"$ref": "#/$defs/Gone"}}, "$defs": {}}) == {
        "/a": {"$ref": "#/$defs/Gone"}
    }


NET, TAX, FEE = ({"title": name, "type": "integer"} for name in ("net", "tax", "fee"))


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ([NET, TAX], [NET, TAX], []),
        ([NET, TAX], [TAX, NET], ["net", "tax"]),
        ([NET, TAX], [NET, TAX, FEE], []),
        ([NET, TAX], [FEE, NET, TAX], ["net", "tax"]),
        ([NET, TAX], [FEE, TAX], []),
        ([NET, {"type": "integer"}], [NET, {"type": "integer"}], []),
    ],
)
def test_a_name_that_has_another_position_is_moved(
    before: list[Schema], now: list[Schema], expected: list[str]
) -> None:
    for wrap in (alone, within):
        found = members.moved(wrap(before), wrap(now))
        assert [name for _, name in found] == expected


def alone(items: list[Schema]) -> Schema:
    return {"prefixItems": [*items]}


def within(items: list[Schema]) -> Schema:
    """The array as the type of a member, twice, and inside itself."""
    pair: Schema = {"prefixItems": [*items, {"$ref": "#/$defs/Pair"}]}
    return {
        "properties": {"a": {"items": {"$ref": "#/$defs/Pair"}}},
        "$defs": {"Pair": pair},
    }
