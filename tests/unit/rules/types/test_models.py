"""Pydantic's models behind msgspec's hooks, and what the hooks say of everything else."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, NewType, TypeVar

import msgspec
import pytest
from pydantic import BaseModel, Field, field_serializer
from typing_extensions import TypeAliasType

from oort.rules.types import models
from oort.rules.types.models import Member


@dataclass
class Holder:
    """A dataclass beside a model, and inside of it."""

    n: int


class Cup(BaseModel):
    """A cup."""

    size: int = Field(alias="theSize")
    colour: str = "white"


def test_a_model_is_known_by_its_class_alone() -> None:
    assert models.is_model(Cup)
    assert not models.is_model(Cup(theSize=1))
    assert not models.is_model(int)


def test_the_members_of_a_model_have_their_name_in_json() -> None:
    assert models.members(Cup) == (
        Member("size", "theSize", int, required=True),
        Member("colour", "colour", str, required=False),
    )


def test_a_model_goes_out_and_comes_back_through_msgspec() -> None:
    written = msgspec.json.encode([Cup(theSize=2)], enc_hook=models.dump)
    assert written == b'[{"theSize":2,"colour":"white"}]'
    assert msgspec.json.decode(written, type=list[Cup], dec_hook=models.load) == [Cup(theSize=2)]


class Bill(BaseModel):
    """A bill."""

    total: Decimal = Field(alias="theTotal")
    parts: list[Decimal | str] = []
    by_day: dict[date, Decimal] = {}
    rounded: Decimal = Decimal(0)
    cup: Cup | None = None
    anything: Any = None

    @field_serializer("rounded")
    def _rounded(self, value: Decimal) -> str:
        return f"about {value}"


def test_decimals_of_a_model_are_kept_if_no_serializer_has_changed_them() -> None:
    total, day = Decimal("1.10"), date(2026, 1, 2)
    bill = Bill(theTotal=total, parts=["1.10", total], by_day={day: total}, cup=Cup(theSize=2))
    kept = models.builtins([bill, Holder(1)], keep=(Decimal,))
    assert kept == [
        {
            "theTotal": total,
            "parts": ["1.10", total],
            "by_day": {"2026-01-02": total},
            "rounded": "about 0",
            "cup": {"theSize": 2, "colour": "white"},
            "anything": None,
        },
        {"n": 1},
    ]
    assert models.builtins(bill) == {**bill.model_dump(mode="json", by_alias=True)}


def test_what_a_model_holds_without_a_type_is_dumped_as_pydantic_does() -> None:
    bill = Bill(theTotal=Decimal(1), anything=Holder(1))
    kept = models.builtins(bill, keep=(Decimal,))
    assert isinstance(kept, dict)
    assert kept["anything"] == {"n": 1}


def test_what_is_no_model_is_refused_as_msgspec_expects() -> None:
    with pytest.raises(TypeError, match="has no form in JSON"):
        models.dump(object())
    with pytest.raises(TypeError, match="cannot be read from JSON"):
        models.load(complex, "1j")
    assert models.load(object, 7) == 7


def test_the_reasons_of_a_model_are_places_and_sentences() -> None:
    with pytest.raises(ValueError, match="theSize") as caught:
        Cup.model_validate({"theSize": "large"})
    ((place, what),) = models.reasons(caught.value)
    assert (place, "integer" in what) == (("theSize",), True)
    assert list(models.reasons(None)) == []


T = TypeVar("T")
Number = TypeAliasType("Number", int)
Many = TypeAliasType("Many", list[T], type_params=(T,))
Id = NewType("Id", str)


@pytest.mark.parametrize(
    ("kind", "meant"),
    [
        (Number, int),
        (list[Number], list[int]),
        (Many[Number], list[int]),
        (Number | None, int | None),
        (Annotated[Number, "note"], Annotated[int, "note"]),
        (dict[str, list[int]], dict[str, list[int]]),
        (Literal["a"], Literal["a"]),
        (Id, Id),
    ],
)
def test_aliases_mean_what_they_stand_for(kind: Any, meant: Any) -> None:
    assert models.opened(kind) == meant


def test_a_new_type_is_opened_only_if_asked() -> None:
    assert models.opened(list[Id]) == list[Id]
    assert models.opened(list[Id], new_types=True) == list[str]
