"""Classes with open enums and unions: what is read, what a document says of it, and which changes of them break whom.

Another validator confirms each schema, each witness, and attacks each yes.
"""

from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Annotated, Any, NamedTuple, TypedDict, cast

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Meta, UnsetType
from pydantic import BaseModel

from oort import Open, OpenEnum, Unknown
from oort.model.items import Value
from oort.model.opens import open_union
from oort.rules.events import event_schemas
from oort.rules.inclusion import compare
from oort.rules.schemas import schemas
from oort.rules.schemas.schema_keywords import Schema
from oort.rules.types import examples, models, opening, validation, values


class Country(OpenEnum):
    NO = "no"
    SE = "se"


class Circle(msgspec.Struct, tag="circle"):
    radius: Annotated[int, Meta(ge=1)]


class Square(msgspec.Struct, tag="square"):
    side: int = 1
    in_: "Open[Circle | Group] | None" = msgspec.field(name="in", default=None)


class Group(msgspec.Struct, tag="group"):
    shapes: list["Open[Circle | Square | Group]"]
    countries: dict[Country, int] = {}


class Row(msgspec.Struct, tag=True, array_like=True):
    first: int
    country: Country = Country.NO


class Bare(msgspec.Struct, array_like=True):
    country: Country


class Place(NamedTuple):
    country: Country
    x: int = 0


class Labels(TypedDict, total=False):
    country: Country


@dataclass
class Size:
    country: Country
    width: int = 1


class Model(BaseModel):
    country: Country = Country.NO


class Drawing(msgspec.Struct):
    id: str
    shape: Open[Circle | Square | Group]
    named: dict[str, Open[Circle] | None] = {}
    country: Country | None = None
    row: Row | None = None
    bare: Bare | None = None
    place: Place | None = None
    labels: Labels | None = None
    size: Size | None = None
    model: Model | None = None
    countries: frozenset[Country] = frozenset()
    left_out: Country | UnsetType = UNSET


class Closed(msgspec.Struct):
    id: str
    tree: "Closed | None" = None
    free: object = None
    numbers: list[int] = []


CIRCLE: Value = {"type": "circle", "radius": 1}
STAR: Value = {"type": "star", "points": [1, 2.5, None], "in": {"a/b": CIRCLE}}


def drawing(**fields: Value) -> bytes:
    return msgspec.json.encode({"id": "1", "shape": CIRCLE, **fields})


def written(value: object) -> Value:
    return cast(Value, msgspec.json.decode(msgspec.json.encode(value, enc_hook=models.dump)))


def test_what_is_known_is_read_as_ever() -> None:
    found = values.compiled(Drawing).read(drawing(named={"a": CIRCLE, "b": None}, country="se"))
    assert found == Drawing("1", Circle(1), {"a": Circle(1), "b": None}, Country.SE)
    assert opening.unknowns(Drawing, found) == []


def test_what_is_not_known_is_kept_at_every_depth_and_written_as_it_came() -> None:
    group: Value = {
        "type": "group",
        "shapes": [STAR, {"type": "square", "side": 2, "in": STAR}],
        "countries": {"dk": 1},
    }
    body = drawing(shape=group, named={"a": STAR}, country="dk")
    found = values.compiled(Drawing).read(body)
    star = Unknown("star", cast(Any, STAR))
    assert found.shape == Group([star, Square(2, star)], {Country("dk"): 1})
    assert found.named == {"a": star}
    assert found.country == Country("dk")
    again = cast(dict[str, Value], written(found))
    assert again["shape"] == group
    assert again["named"] == {"a": STAR}
    assert again["country"] == "dk"
    assert values.compiled(Drawing).read(msgspec.json.encode(again)) == found
    assert (
        msgspec.convert(
            msgspec.to_builtins(found, enc_hook=models.dump), Drawing, dec_hook=models.load
        )
        == found
    )


def test_what_is_not_known_is_named_with_its_place_in_json() -> None:
    body = drawing(
        shape={
            "type": "group",
            "shapes": [CIRCLE, STAR, {"type": "square", "in": STAR}],
            "countries": {"d/k": 1},
        },
        named={"a": CIRCLE, "b/c": STAR},
        country="dk",
        row=["Row", 1, "fi"],
        bare=["is"],
        place=["dk"],
        labels={"country": "dk"},
        size={"country": "dk"},
        model={"country": "dk"},
        countries=["dk"],
        left_out="dk",
    )
    assert opening.unknowns(Drawing, values.compiled(Drawing).read(body)) == [
        "/shape/shapes/1: no Struct there has the tag 'star'",
        "/shape/shapes/2/in: no Struct there has the tag 'star'",
        "/shape/countries/d~1k: 'd/k' is not known to Country",
        "/named/b~1c: no Struct there has the tag 'star'",
        "/country: 'dk' is not known to Country",
        "/row/2: 'fi' is not known to Country",
        "/bare/0: 'is' is not known to Country",
        "/place/0: 'dk' is not known to Country",
        "/labels/country: 'dk' is not known to Country",
        "/size/country: 'dk' is not known to Country",
        "/model/country: 'dk' is not known to Country",
        "/countries/0: 'dk' is not known to Country",
        "/left_out: 'dk' is not known to Country",
    ]
    assert opening.unknowns(Country, Country("dk")) == ["/: 'dk' is not known to Country"]


def test_a_class_without_open_types_is_not_searched() -> None:
    assert opening.unknowns(Closed, Closed("1", None, Country("dk"))) == []
    assert opening.unknowns(Model, Model(country=Country.NO)) == []


WRONG: list[tuple[dict[str, Value], str]] = [
    (
        {"shape": {"type": "circle", "radius": "x"}},
        "Expected `int`, got `str` - at `$.shape.radius`",
    ),
    ({"shape": {"type": "circle"}}, "Object missing required field `radius` - at `$.shape`"),
    ({"shape": {}}, "Object missing required field `type` - at `$.shape`"),
    ({"shape": {"type": 1}}, "Expected `str` - at `$.shape.type`"),
    ({"shape": [CIRCLE]}, "Expected `object`, got `array` - at `$.shape`"),
    ({"shape": None}, "Expected `object`, got `null` - at `$.shape`"),
    (
        {"named": {"a": {"type": "circle", "radius": 0}}},
        "Expected `int` >= 1 - at `$.named[...].radius`",
    ),
    (
        {"shape": {"type": "group", "shapes": [{"type": "group", "shapes": [{"type": "circle"}]}]}},
        "Object missing required field `radius` - at `$.shape.shapes[0].shapes[0]`",
    ),
    (
        {"shape": {"type": "group", "shapes": [], "countries": {"dk": "x"}}},
        "Expected `int`, got `str` - at `$.shape.countries[...]`",
    ),
    ({"country": 1}, "Expected `str | null`, got `int` - at `$.country`"),
]


@pytest.mark.parametrize(("fields", "message"), WRONG, ids=str)
def test_a_known_tag_with_other_content_is_an_error_with_its_place(
    fields: dict[str, Value], message: str
) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        values.compiled(Drawing).read(drawing(**fields))
    assert str(raised.value) == message
    violations = validation.violations(
        validation.compiled(Drawing), written({"id": "1", "shape": CIRCLE, **fields})
    )
    assert len(violations) == 1
    assert violations[0].pointer.startswith("/" + next(iter(fields)))


def test_what_is_no_json_is_msgspec_s_error_too() -> None:
    for body, error in ((b"{", msgspec.DecodeError), (b'{"id": "\xff"}', UnicodeDecodeError)):
        with pytest.raises(error):
            values.compiled(Drawing).read(body)
    with pytest.raises(msgspec.ValidationError, match=r"^Object missing required field `id`$"):
        values.compiled(Closed).read(b"{}")


def test_what_is_nested_too_deeply_is_refused_as_msgspec_refuses_it() -> None:
    for depth in (100, 300, 100_000):
        body = b'{"type": "group", "shapes": [' * depth + b"]}" * depth
        try:
            values.compiled(Group).read(body)
            assert depth <= 300  # newer Pythons have more room
        except RecursionError:
            assert depth > 100


# A request body: what is not known is let in as reading lets it in; a field that a known class does not have is not.
JUDGED: list[tuple[dict[str, Value], list[str]]] = [
    ({"shape": STAR, "country": "dk", "named": {"a": STAR}}, []),
    ({"shape": {**cast(dict[str, Value], CIRCLE), "new": 1}}, ["/shape/new"]),
    ({"named": {"a": {"type": "circle", "radius": 1, "new": 1}, "b": None}}, ["/named/a/new"]),
    ({"shape": {"type": "group", "shapes": [{"type": "square", "new": 1}, STAR], "new": 1}}, ["/shape/shapes/0/new", "/shape/new"]),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "pointers"), JUDGED, ids=str)
def test_a_body_is_closed_around_what_is_open(
    fields: dict[str, Value], pointers: list[str]
) -> None:
    shape, value = validation.compiled(Drawing), written({"id": "1", "shape": CIRCLE, **fields})
    assert [one.pointer for one in validation.violations(shape, value)] == pointers
    assert [one.pointer for one in validation.stray(shape, value)] == pointers
    document = jsonschema_rs.validator_for(schemas.schema(Drawing, closed=True))
    assert document.is_valid(value) == (not pointers)


pieces: st.SearchStrategy[Any] = st.sampled_from([
    1, None, "no", "dk", {}, [], CIRCLE, STAR, {"type": "circle"}, {"type": 1}, {"type": None, "radius": 1}, {"radius": 1},
    {"type": "square", "side": 2}, {"type": "square", "side": "2"}, {"type": "square", "in": STAR}, {"type": "", "a": 1},
    {"type": "square", "in": {"type": "circle", "radius": 0}}, {"type": "circle", "radius": 1, "new": 1},
])  # fmt: skip
shapes_found = pieces | st.builds(
    lambda shapes: {"type": "group", "shapes": shapes}, st.lists(pieces, max_size=3)
)
bodies = st.fixed_dictionaries(
    {"id": st.just("1"), "shape": shapes_found},
    optional={
        "named": st.dictionaries(st.sampled_from("ab"), shapes_found, max_size=2),
        "country": pieces,
    },
)
ACCEPTED = jsonschema_rs.validator_for(schemas.schema(Drawing, closed=True))
ANSWERED = jsonschema_rs.validator_for(schemas.schema(Drawing, closed=False))
READER = jsonschema_rs.validator_for(event_schemas.reader(Drawing))
WRITER = jsonschema_rs.validator_for(event_schemas.writer(Drawing))
SHAPE = validation.compiled(Drawing)


@given(bodies)
def test_document_decoding_and_violations_agree(value: dict[str, Value]) -> None:
    try:
        found = values.compiled(Drawing).read(msgspec.json.encode(value))
    except msgspec.ValidationError:
        assert validation.violations(SHAPE, value)
        assert not READER.is_valid(value)
        return
    assert READER.is_valid(value)
    stray = validation.stray(SHAPE, value)
    assert validation.violations(SHAPE, value) == stray
    assert ACCEPTED.is_valid(value) == (not stray)
    again = written(found)
    assert ANSWERED.is_valid(again)
    assert WRITER.is_valid(again) == (not opening.unknowns(Drawing, found))


def test_examples_are_of_what_is_known() -> None:
    value = examples.example(Drawing)
    assert value == written(Drawing("id", Circle(1))) | {"named": {}}  # type: ignore[operator]
    assert examples.example(open_union(Square | Circle)) == {
        "type": "square",
        "side": 1,
        "in": None,
    }
    assert WRITER.is_valid(value)


def test_an_open_type_is_described_once_both_ways() -> None:
    found = schemas.described(accepted=[list[Country]], answered=[Country], refs="#/")
    assert found.components == {
        "Country": {"title": "Country", "type": "string", "examples": ["no", "se"]}
    }
    assert schemas.schema(Country, closed=False, known_only=True)["$defs"] == {
        "Country": {"title": "Country", "enum": ["no", "se"]}
    }


def test_a_class_of_pydantic_reads_and_describes_an_open_enum_so_too() -> None:
    for closed in (True, False):
        document = jsonschema_rs.validator_for(schemas.schema(Model, closed=closed))
        assert document.is_valid({"country": "dk"})
        assert not document.is_valid({"country": 1})


class Shut1(Enum):
    NO = "no"
    SE = "se"


class Shut2(Enum):
    NO = "no"
    SE = "se"
    DK = "dk"


class Wide(OpenEnum):
    NO = "no"
    SE = "se"
    DK = "dk"


class Star(msgspec.Struct, tag="star"):
    points: int
    country: Wide = Wide.DK


class OtherCircle(msgspec.Struct, tag="circle"):
    radius: str


def holding(kind: object) -> Any:
    """A class with a field, a list, a map and an optional field of the type."""
    fields: list[Any] = [("one", kind), ("many", list[kind], []), ("by", dict[str, kind], {})]  # type: ignore[valid-type]
    fields.append(("maybe", kind | None, None))  # type: ignore[operator]
    return msgspec.defstruct("Holding", fields)


def keyed(kind: object) -> Any:
    return msgspec.defstruct("Keyed", [("by", dict[kind, int])])  # type: ignore[valid-type]


# One version, the next, and whether what the next one writes is read by the one, and the other way round.
CHANGES: dict[str, tuple[Any, Any, str, str]] = {
    "an open enum gets a value": (holding(Country), holding(Wide), "yes", "yes"),
    "a closed enum gets a value": (holding(Shut1), holding(Shut2), "no", "yes"),
    "an open enum opens a closed one": (holding(Shut1), holding(Country), "yes", "yes"),
    "an open enum opens a closed one and gets a value": (
        holding(Shut1),
        holding(Wide),
        "no",
        "yes",
    ),
    "an open enum becomes a text": (holding(Country), holding(str), "yes", "yes"),
    "an open enum of names gets a value": (keyed(Country), keyed(Wide), "yes", "yes"),
    "a closed enum of names gets a value": (keyed(Shut1), keyed(Shut2), "no", "yes"),
    "an open union gets an arm": (
        holding(open_union(Circle | Square)),
        holding(open_union(Circle | Star | Square)),
        "yes",
        "yes",
    ),
    "a closed union gets an arm": (
        holding(Circle | Square),
        holding(Circle | Square | Star),
        "no",
        "yes",
    ),
    "an open union opens a closed one": (
        holding(Circle | Star),
        holding(open_union(Circle | Star)),
        "yes",
        "yes",
    ),
    "an open union of one gets an arm": (
        holding(open_union(Circle)),
        holding(open_union(Circle | Star)),
        "yes",
        "yes",
    ),
    "an open union opens a single class": (
        holding(Circle),
        holding(open_union(Circle)),
        "yes",
        "yes",
    ),
    "all arms are others": (holding(open_union(Star)), holding(open_union(Circle)), "yes", "yes"),
    "an arm changes": (
        holding(open_union(Circle | Star)),
        holding(open_union(OtherCircle | Star)),
        "no",
        "no",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_which_changes_are_compatible(name: str) -> None:
    old, new, later, earlier = CHANGES[name]
    for writer, reader, expected in ((new, old, later), (old, new, earlier)):
        promised, asked = event_schemas.writer(writer), event_schemas.reader(reader)
        found = compare(promised, asked, as_is=True)
        assert found.verdict == expected, found
        assert compare(promised, asked).verdict == expected
        accepts_writer, accepts_reader = (
            jsonschema_rs.validator_for(one).is_valid for one in (promised, asked)
        )
        if found.witness is not None:
            assert accepts_writer(found.witness[0])
            assert not accepts_reader(found.witness[0])
            values.compiled(writer).read(msgspec.json.encode(found.witness[0]))
            with pytest.raises(msgspec.ValidationError):
                values.compiled(reader).read(msgspec.json.encode(found.witness[0]))
        elif found.verdict == "yes":
            attacked(promised, writer, reader, asked)


def attacked(promised: Schema, writer: Any, reader: Any, asked: Schema) -> None:
    """What the writer may write is read, by the other validator and in fact."""
    draw, accepted = Random(1), 0
    accepts_writer, accepts_reader = (
        jsonschema_rs.validator_for(one).is_valid for one in (promised, asked)
    )
    for _ in range(400):
        value = document(draw)
        if accepts_writer(value):
            accepted += 1
            assert accepts_reader(value)
            assert values.compiled(writer).read(msgspec.json.encode(value))
            assert values.compiled(reader).read(msgspec.json.encode(value))
    assert accepted > 3


def document(draw: Random) -> dict[str, Any]:
    groups: list[list[Any]] = [
        ["no", "se", "dk"],
        [{"type": "circle", "radius": 1}],
        [
            {"type": "circle", "radius": 1},
            {"type": "square", "side": 1, "in": None},
            {"type": "star", "points": 1, "country": "dk"},
        ],
    ]
    some = draw.choice(groups)
    value: dict[str, Any] = {
        "one": draw.choice(some),
        "many": [draw.choice(some) for _ in range(draw.randrange(2))],
        "by": {name: draw.choice(some) for name in draw.sample("ab", draw.randrange(2))},
        "maybe": draw.choice([None, draw.choice(some)]),
    }
    return (
        value
        if draw.random() < 0.7
        else {"by": dict.fromkeys(draw.sample(["no", "se", "dk"], 2), 1)}
    )
