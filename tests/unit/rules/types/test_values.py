"""Values of a type are read and written by the same rules: what is written can be read, and nothing else passes."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from oort import Open
from oort.rules.types import judges, reading, values
from oort.rules.types.values import compiled
from tests.unit.rules.types.value_classes import (
    NAIVE,
    NOON,
    Circle,
    Colour,
    Computed,
    Holder,
    Job,
    Loose,
    Model,
    Node,
    Point,
    Row,
    Same,
    Square,
)

RIGHT: list[tuple[object, object, bytes]] = [
    (int, 1, b"1"),
    (float, 1, b"1.0"),
    (int | float, 10**30, b"1" + b"0" * 30),
    (datetime, NOON, b'"2026-01-01T12:00:00Z"'),
    (Annotated[datetime, Meta(tz=False)], NAIVE, b'"2026-01-01T00:00:00"'),
    (Point, Point(1.0), b"[1.0,0.0]"),
    (Row, Row(NOON), b'["row","2026-01-01T12:00:00Z",0]'),
    (Loose, {}, b"{}"),
    (Node, Node(), b'{"price":0.0,"inner":[]}'),
    (Circle | Square, Square(Job("1")), b'{"type":"square","job":{"id":"1","state":"new","tags":["a"]}}'),
    (Open[Circle | Square], compiled(Open[Circle | Square]).read(b'{"type":"new","n":1}'), b'{"type":"new","n":1}'),  # type: ignore[misc]
    (Colour, Colour.RED, b'"red"'),
    (Holder, Holder(Model(price=1)), b'{"model":{"price":1.0,"at":null},"computed":null}'),
    (Holder, Holder(computed=Computed(n=2)), b'{"model":null,"computed":{"n":2,"twice":4}}'),
    (Same, Same(1), b'{"n":1}'),
    (dict[int, str], {1: "a"}, b'{"1":"a"}'),
    (None, None, b"null"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "written"), RIGHT, ids=str)
def test_what_fits_is_written(kind: Any, value: object, written: bytes) -> None:
    assert compiled(kind).write(value) == written
    assert msgspec.json.encode(compiled(kind).plain(value)) == written


def test_a_subclass_is_written_as_the_declared_class() -> None:
    class More(Node):
        secret: str = "hidden"

    assert compiled(list[Node]).write([More()]) == b'[{"price":0.0,"inner":[]}]'


def test_a_field_of_a_model_with_another_type_is_no_warning() -> None:
    model = Model(price=1)
    model.price = "one"  # type: ignore[assignment]
    with pytest.raises(ValueError, match="one"):
        compiled(Model).write(model)


@given(st.integers(-(10**30), 10**30), st.integers(0, 9))
def test_a_whole_number_is_read_as_an_integer_however_it_is_written(
    number: int, zeros: int
) -> None:
    for text in (f"{number}.{'0' * (zeros + 1)}", f"{number}E0", f"{number}{'0' * zeros}e-{zeros}"):
        assert compiled(int).read(text.encode()) == number


def test_what_is_no_whole_number_is_no_integer() -> None:
    for text in (b"1.5", b"1e400", b"1e-1", b'"1.0"'):
        with pytest.raises(msgspec.ValidationError):
            compiled(int).read(text)
    assert values.integers(b'["a.b", 1.50]') == b'["a.b",1.50]'


def test_what_is_read_is_judged_too() -> None:
    for kind, text in (
        (datetime, b'"2026-01-01T00:00:00"'),
        (Decimal, b'"NaN"'),
        (Model, b'{"price":"Infinity"}'),
        (Node, b'{"inner":[{"maybe":"2026-01-01T00:00:00"}]}'),
    ):
        with pytest.raises(msgspec.ValidationError):
            compiled(kind).read(text)
    assert compiled(list[datetime]).convert(["2026-01-01T12:00:00Z"]) == [NOON]
    with pytest.raises(msgspec.ValidationError, match="with a zone"):
        compiled(list[datetime]).convert(["2026-01-01T00:00:00"])
    with pytest.raises(msgspec.ValidationError, match=r"at `\$\[0\].radius`"):
        compiled(list[Open[Circle | Square]]).convert([{"type": "circle", "radius": "x"}])


@dataclass
class Fee:
    """A dataclass, whose default msgspec does not write when it has read the value."""

    amount: Decimal = Decimal("0.50")


class Priced(msgspec.Struct):
    """Decimals at many places."""

    price: Decimal | None = None
    weight: float = 0.0
    by_day: dict[Decimal, list[Decimal]] = {}
    fees: list[Fee] = []
    anything: Any = None


def test_decimals_are_kept_where_they_are_asked_for() -> None:
    two = Decimal("2.0")
    value = Priced(two, by_day={two: [two]}, fees=[Fee()], anything=[{"a": two}, {1: (two,)}])
    kept = compiled(Priced).plain(value, keep=(Decimal, datetime))
    assert kept == {
        "price": two, "weight": 0.0, "by_day": {"2.0": [two]}, "fees": [{"amount": Decimal("0.50")}],
        "anything": [{"a": two}, {"1": [two]}],
    }  # fmt: skip
    assert compiled(Priced).plain(value) == {
        "price": "2.0", "weight": 0.0, "by_day": {"2.0": ["2.0"]}, "fees": [{"amount": "0.50"}],
        "anything": [{"a": "2.0"}, {"1": ("2.0",)}],
    }  # fmt: skip
    assert compiled(int).plain(1, keep=(Decimal,)) == 1


def test_the_default_of_a_dataclass_that_was_read_is_a_decimal_too() -> None:
    read = compiled(Fee).read(b"{}")
    assert compiled(Fee).plain(read, keep=(Decimal,)) == {"amount": Decimal("0.50")}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (float, Decimal("1.5")),
        (int | float, Decimal("1.5")),
        (Priced, Priced(weight=Decimal("1.5"))),  # type: ignore[arg-type]
        (list[int | None], [Decimal(1)]),
    ],
)
def test_a_kept_decimal_is_no_float(kind: Any, value: object) -> None:
    for keep in ((), (Decimal,)):
        with pytest.raises(msgspec.ValidationError, match="got `str`"):
            compiled(kind).plain(value, keep=keep)


def test_a_value_without_a_form_in_json_is_refused_whatever_is_kept() -> None:
    for value in ({(1, 2): Decimal(1)}, {object(): 1}, [object()]):
        with pytest.raises(TypeError):
            compiled(object).plain(value, keep=(Decimal,))


def test_a_type_is_compiled_once_also_if_it_is_written_anew() -> None:
    assert compiled(list[int]) is compiled(list[int])
    noted: Any = Annotated[int, ["a note"]]  # no key of a cache
    assert compiled(noted).read(b"1") == 1
    assert compiled(Node) is compiled(Node)


Country = Annotated[str, Meta(pattern="^[A-Z]{2}$")]
Code = Annotated[str, Meta(pattern=r"^\d+$")]


class Address(msgspec.Struct):
    country: Country
    codes: list[Code] = []
    counts: dict[Country, int] = {}
    maybe: Country | int | None = None


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"country": "NO\n"}, "$.country"),
        ({"country": "NO", "codes": ["1", "٣"]}, "$.codes[1]"),
        ({"country": "NO", "counts": {"NO\n": 1}}, "$.counts.NO\n"),
        ({"country": "NO", "maybe": "NO\n"}, "$.maybe"),
    ],
)
def test_a_pattern_means_the_same_as_in_the_schema(value: dict[str, Any], place: str) -> None:
    """msgspec takes them: to Python, `$` is also before a last line break, and `٣` is a digit."""
    again = msgspec.convert(value, Address)
    for refuse in (
        lambda: compiled(Address).read(msgspec.json.encode(value)),
        lambda: compiled(Address).convert(value),
        lambda: compiled(Address).write(again),
        lambda: compiled(Address).plain(again),
    ):
        with pytest.raises(msgspec.ValidationError, match="matching regex") as raised:
            refuse()
        assert f"at `{place}`" in str(raised.value)
    fits = {"country": "NO", "codes": ["1"], "counts": {"SE": 1}, "maybe": 1}
    assert compiled(Address).convert(fits) == msgspec.convert(fits, Address)


def test_a_type_without_such_patterns_pays_nothing() -> None:
    plain = Annotated[str, Meta(pattern="^[a-z]", max_length=4)]
    assert judges.judge(reading.compiled(dict[plain, list[plain]])) is None
    assert judges.judge(reading.compiled(Country)) is not None


def test_a_value_of_another_type_is_not_converted() -> None:
    for write in (compiled(list[str]).write, compiled(list[str]).plain):
        with pytest.raises(
            msgspec.ValidationError, match=r"Expected `str`, got `bytes` - at `\$\[0\]`"
        ):
            write([b"x"])


def test_a_whole_float_is_no_integer_where_it_is_written() -> None:
    with pytest.raises(msgspec.ValidationError, match="Expected `int`, got `float`"):
        compiled(int).write(1.0)


def test_whole_floats_beside_a_misfit_do_not_hide_it() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"Expected `int`, got `str` - at `\$\[1\]`"):
        compiled(list[int]).read(b'[1.0,"a"]')


def test_an_integer_that_no_reader_takes_is_not_written() -> None:
    with pytest.raises(msgspec.ValidationError, match="Integer value out of range"):
        compiled(int).write(-(10**4299))


@pytest.mark.parametrize("kind", [set[Any], dict[str, frozenset[Any]]])
def test_a_set_of_anything_refuses_what_it_cannot_hold(kind: Any) -> None:
    data = b"[[1]]" if kind == set[Any] else b'{"a": [[1]]}'
    with pytest.raises(msgspec.ValidationError, match="a set can hold"):
        compiled(kind).read(data)
    with pytest.raises(msgspec.ValidationError, match="a set can hold"):
        compiled(kind).convert(msgspec.json.decode(data))
