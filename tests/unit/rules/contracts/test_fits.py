"""Where a document is refused: the place in it, the member, and the type that has the member."""

import jsonschema_rs
import pytest

from oort.model.contracts import Schema
from oort.model.items import Value
from oort.rules.contracts.fits import misfit, misfits

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
def test_the_place_is_named(
    written: Schema, read: Schema, example: Value, found: tuple[str, str, str]
) -> None:
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
        (thing(a={**TEXT, "pattern": "(?<=x)y"}), ("a", "")),
        (
            {"$ref": "#/$defs/T", "$defs": {"T": thing(a={**TEXT, "pattern": "(?<=x)y"})}},
            ("a", "T"),
        ),
        ({**TEXT, "pattern": "(?<=x)y"}, ("", "")),
    ],
)
def test_what_cannot_be_decided_has_a_place_and_no_witness(
    read: Schema, found: tuple[str, str]
) -> None:
    written = TEXT if read.get("type") == "string" else thing(a=TEXT)
    shown = misfit(written, read)
    assert shown is not None
    assert shown.witness is None
    assert (shown.name, shown.holder) == found


@pytest.mark.parametrize(
    ("written", "read", "names"),
    [
        (thing(a=TEXT), thing(a=TEXT), []),
        (thing(a=TEXT, b=TEXT), thing(a=WHOLE, b=WHOLE, c=WHOLE), ["a", "b", "c"]),
        (
            inside(thing(sku=TEXT, n=TEXT)),
            inside(thing(sku=WHOLE, n=WHOLE, m=WHOLE)),
            ["m", "n", "sku"],
        ),
        (inside({"enum": ["a", "b"]}), inside({"enum": ["a"]}), ["lines"]),
        (TEXT, WHOLE, [""]),  # no member that could be taken out
        (
            {"type": "object", "additionalProperties": TEXT},
            {"type": "object", "additionalProperties": WHOLE},
            [""],
        ),
        (
            {**thing(a=thing(b=TEXT, c=TEXT))},
            {**thing(a=thing(b=WHOLE, c=WHOLE))},
            ["b"],  # a member of an object without a name of its own
        ),
        (
            {"$defs": {"T": TEXT}, "$ref": "#/$defs/T"},
            {"$defs": {"T": WHOLE}, "$ref": "#/$defs/T"},
            [""],
        ),
        (
            {"$defs": {"T": TEXT}, "$ref": "#/$defs/T"},
            {"$defs": {"T": False}, "$ref": "#/$defs/T"},
            [""],
        ),
    ],
)
def test_every_member_that_does_not_fit_is_told(
    written: Schema, read: Schema, names: list[str]
) -> None:
    found = list(misfits(written, read))
    assert sorted(one.name for one in found) == names
    for one in found:
        assert one.witness is not None
        assert jsonschema_rs.is_valid(written, one.witness[0])
        assert not jsonschema_rs.is_valid(read, one.witness[0])


def test_no_more_than_ten_are_told() -> None:
    names = [f"m{number:02}" for number in range(15)]
    found = list(misfits(thing(**dict.fromkeys(names, TEXT)), thing(**dict.fromkeys(names, WHOLE))))
    assert len(found) == len({one.name for one in found}) == 10


@pytest.mark.parametrize(
    "part", [{"properties": []}, {"properties": {"a": WHOLE}, "required": "a"}]
)
def test_of_what_is_no_schema_nothing_is_proven_and_nothing_taken_out(part: Schema) -> None:
    (found,) = misfits(thing(a=TEXT), {**thing(a=WHOLE), **part})
    assert (found.witness, found.name) == (None, "")


def test_a_member_of_a_type_by_itself_is_taken_out_there() -> None:
    read: Schema = {"$defs": {"T": {"properties": {"a": WHOLE, "b": WHOLE}}}, "$ref": "#/$defs/T"}
    found = list(misfits(thing(a=TEXT, b=TEXT), read))
    assert sorted((one.name, one.holder) for one in found) == [("a", "T"), ("b", "T")]
