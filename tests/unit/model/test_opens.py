"""Open enums and unions as Python values: what they are equal to, how they are copied, and which types they refuse."""

import copy
import pickle
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, TypeVar, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import TypeAliasType

from oort import Open, OpenEnum, Unknown
from oort.model.errors import InvalidUse
from oort.model.opens import is_open_enum, open_union

T = TypeVar("T")


class Country(OpenEnum):
    NO = "no"
    SE = "se"
    NORWAY = "no"


class Circle(msgspec.Struct, tag="circle"):
    radius: int


class Square(msgspec.Struct, tag="square"):
    side: int


class Box(msgspec.Struct, Generic[T], tag="box"):
    holds: T


class Kind(msgspec.Struct, tag_field="kind", tag="kind"): ...


class Numbered(msgspec.Struct, tag=1): ...


class Row(msgspec.Struct, tag="row", array_like=True): ...


class Twin(msgspec.Struct, tag="circle"): ...


class Bare(msgspec.Struct): ...


class Holder(msgspec.Struct):
    shape: Open[Circle | Square]


READERS: list[Callable[[str], Country]] = [
    Country,
    lambda text: msgspec.json.decode(msgspec.json.encode(text), type=Country),
    lambda text: msgspec.convert(text, Country),
    lambda text: next(iter(msgspec.convert({text: 1}, dict[Country, int]))),
]


@pytest.mark.parametrize("read", READERS)
@given(st.text(st.characters(codec="utf-8"), max_size=5))
def test_every_text_is_read_and_keeps_its_text(read: Callable[[str], Country], text: str) -> None:
    found = read(text)
    assert type(found) is Country
    assert found.value == text
    assert found.known == (text in {"no", "se"})
    assert msgspec.json.decode(msgspec.json.encode(found)) == text
    assert msgspec.to_builtins(found) == text
    assert found == read(text)
    assert hash(found) == hash(read(text))


def test_known_values_are_the_members_themselves() -> None:
    assert [Country("no"), Country["NORWAY"]] == [Country.NO] * 2
    assert msgspec.convert("no", Country) is Country.NO
    assert Country.NORWAY.known
    assert repr(Country.NO) == "<Country.NO: 'no'>"


def test_an_unknown_value_is_readable_and_no_known_one() -> None:
    found = Country("dk")
    assert repr(found) == "<Country 'dk', not known>"
    assert (str(found), f"{found}", found.name) == ("dk", "dk", "dk")
    assert found == "dk"
    assert found != Country("fi")
    assert not Country("NO").known  # the name of a member is not its value
    assert Country("NO") != Country.NO
    assert {found: 1}[Country("dk")] == 1


@pytest.mark.parametrize("value", [Country.NO, Country("dk")], ids=str)
def test_values_survive_copies_and_pickles(value: Country) -> None:
    for again in (
        copy.copy(value),
        copy.deepcopy([value])[0],
        *(
            pickle.loads(pickle.dumps(value, protocol))
            for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
        ),
    ):
        assert again == value
        assert type(again) is Country
        assert again.known == value.known
        assert repr(again) == repr(value)


@pytest.mark.parametrize("value", [1, None, b"no", ["no"]])
def test_only_texts_are_values(value: object) -> None:
    with pytest.raises(ValueError, match="is not a valid Country"):
        Country(value)  # type: ignore[arg-type]
    with pytest.raises(msgspec.ValidationError, match="Expected `str`"):
        msgspec.convert(value, Country, builtin_types=[bytes])


def test_what_strangers_send_is_not_kept() -> None:
    def size() -> int:
        tables: list[Any] = [
            value for value in vars(Country).values() if isinstance(value, dict | list)
        ]
        return sum(map(len, tables)) + sys.getsizeof(Country._value2member_map_)

    msgspec.json.decode(b'"first"', type=Country)
    before = size()
    body = msgspec.json.encode([f"hostile{number}" for number in range(1000)])
    assert not any(one.known for one in msgspec.json.decode(body, type=list[Country]))
    assert size() == before
    assert list(Country) == [Country.NO, Country.SE]


def test_threads_do_not_meet_in_it() -> None:
    texts = [f"t{number % 50}" for number in range(2000)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(Country, texts))
    assert [one.value for one in found] == texts
    assert not any(one.known for one in found)


def test_another_enum_s_value_is_read_by_its_text() -> None:
    class Other(OpenEnum):
        FI = "fi"
        NO = "no"

    assert Country(Other.NO) is Country.NO
    assert type(Country(Other.FI).value) is str
    assert is_open_enum(Other)
    assert not is_open_enum("fi")
    assert not is_open_enum(str)


def test_unknown_objects_are_equal_by_what_they_hold() -> None:
    one = Unknown("star", {"type": "star", "points": 5})
    assert one == Unknown("star", {"type": "star", "points": 5})
    assert one != Unknown("star", {"type": "star", "points": 6})
    assert one != Unknown("moon", {"type": "star", "points": 5})
    assert one != {"type": "star", "points": 5}
    assert hash(one) == hash(Unknown("star", {}))
    assert repr(one) == "Unknown(tag='star', data={'type': 'star', 'points': 5})"
    assert copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == one
    match one:
        case Unknown(tag, data):
            assert (tag, data["points"]) == ("star", 5)


def test_one_union_is_one_class_of_which_its_arms_are_instances() -> None:
    kind = open_union(Circle | Square)
    assert open_union(Circle | Square) is kind
    assert repr(kind) == "<class 'oort.model.opens.Open[Circle | Square]'>"
    assert list(kind.arms) == ["circle", "square"]
    assert kind.tag_field == "type"
    for value in (Circle(1), Square(1), Unknown("star", {})):
        assert isinstance(value, kind)
    assert not isinstance(Bare(), kind)
    assert get_type_hints(Holder)["shape"] is kind


def test_arms_may_be_generic_and_named_and_have_another_tag_field() -> None:
    alias = TypeAliasType("alias", Circle | Square)
    assert list(open_union(alias).arms) == ["circle", "square"]
    assert isinstance(Box(1), open_union(Circle | Box[int]))
    assert open_union(Kind).tag_field == "kind"


@pytest.mark.parametrize(
    "arms",
    [
        int,
        "Circle",
        T,
        Circle | None,
        Bare,
        Circle | Bare,
        Numbered,
        Row,
        Circle | Twin,
        Circle | Kind,
        list[Circle],
    ],
    ids=str,
)
def test_anything_but_tagged_structs_is_refused(arms: object) -> None:
    with pytest.raises(InvalidUse, match=r"Open\[…\]"):
        open_union(arms)
