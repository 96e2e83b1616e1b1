"""Where a document is refused: the place in it, the member, and the type that has the member."""

import jsonschema_rs
import pytest

from oort.model.contracts import Schema
from oort.model.items import Value
from oort.rules.contracts.fits import misfit

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}


def thing(**properties: Value) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def inside(schema: Schema) -> Schema:
    """A document with an order that has lines of the schema."""
    lines: Schema = {"type": "array", "items": {"$ref": "#/$defs/Line"}}
    return {"$ref": "#/$defs/Order", "$defs": {"Order": thing(lines=lines), "Line": schema}}


@pytest.mark.parametrize(
    ("written", "read", "example", "found"),
    [
        (TEXT, WHOLE, "a", ("", "", "")),
        (thing(a=TEXT), thing(a=WHOLE), {"a": "x"}, ("/a", "a", "")),
        (thing(a=TEXT), thing(a=TEXT, b=TEXT), {"a": "x"}, ("/b", "b", "")),
        (thing(a=TEXT, b=TEXT), {**thing(a=TEXT), "additionalProperties": False}, {"a": "", "b": ""}, ("/b", "b", "")),
        (thing(**{"a/b": TEXT}), thing(**{"a/b": WHOLE}), {"a/b": ""}, ("/a~1b", "a/b", "")),
        (
            inside(thing(sku=TEXT)), inside(thing(sku=WHOLE)), {"lines": [{"sku": "x"}]},
            ("/lines/0/sku", "sku", "Line"),
        ),
        (inside(thing(sku=TEXT)), inside(thing(sku=TEXT, n=WHOLE)), {"lines": [{"sku": ""}]}, ("/lines/0/n", "n", "Line")),
        (
            thing(a=TEXT), thing(a={"anyOf": [WHOLE, {"type": "null"}]}), {"a": ""},
            ("/a", "a", ""),
        ),
        (
            {"type": "object", "additionalProperties": TEXT}, {"type": "object", "additionalProperties": WHOLE}, {"k": ""},
            ("/k", "", ""),
        ),
        (
            inside({"enum": ["a", "b"]}), inside({"enum": ["a"]}), {"lines": ["a", "b"]},
            ("/lines/1", "lines", "Order"),
        ),
        (
            thing(a={"type": "object", "additionalProperties": TEXT}), thing(a={"type": "object", "additionalProperties": WHOLE}),
            {"a": {"k": ""}}, ("/a/k", "a", ""),
        ),
    ],
)  # fmt: skip
def test_the_place_is_named(written: Schema, read: Schema, example: Value, found: tuple[str, str, str]) -> None:
    shown = misfit(written, read, examples=[example])
    assert shown is not None
    assert shown.witness == (example,)
    assert (shown.pointer, shown.name, shown.holder) == found
    smallest = misfit(written, read)
    assert smallest is not None
    assert smallest.witness is not None
    assert not jsonschema_rs.is_valid(read, smallest.witness[0])


def test_an_example_that_fits_is_no_witness() -> None:
    found = misfit(thing(a={"type": ["string", "null"]}), thing(a=TEXT), examples=[{"a": "x"}])
    assert found is not None
    assert found.witness == ({"a": None},)


def test_what_fits_is_no_misfit() -> None:
    assert misfit(thing(a=TEXT, b=TEXT), thing(a=TEXT)) is None


@pytest.mark.parametrize(
    ("read", "found"),
    [
        (thing(a={**TEXT, "pattern": "(?=x)y"}), ("a", "")),
        ({"$ref": "#/$defs/T", "$defs": {"T": thing(a={**TEXT, "pattern": "(?=x)y"})}}, ("a", "T")),
        ({**TEXT, "pattern": "(?=x)y"}, ("", "")),
    ],
)
def test_what_cannot_be_decided_has_a_place_and_no_witness(read: Schema, found: tuple[str, str]) -> None:
    written = TEXT if read.get("type") == "string" else thing(a=TEXT)
    shown = misfit(written, read)
    assert shown is not None
    assert shown.witness is None
    assert (shown.name, shown.holder) == found
