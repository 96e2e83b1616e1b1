"""Limits of pydantic fields, and values that pydantic would not read."""

from decimal import Decimal
from typing import Annotated

import pytest
from annotated_types import Interval
from pydantic import BaseModel, Field, field_validator, model_validator

from oort.model.items import Bounds
from oort.rules.types.modelled import Limits, element_misfit, limits, misfit, step_misfit


class Model(BaseModel):
    id: str
    free: int = 0
    bounded: Annotated[int, Interval(ge=0, lt=5)] = 0
    inside: Annotated[Decimal, Field(gt=Decimal("0.5"))] | None = None
    exact: Annotated[Decimal, Field(max_digits=5, decimal_places=2)] = Decimal(0)
    long: Annotated[Decimal, Field(le=Decimal("0.10000000000000000001"))] = Decimal(0)
    steps: Annotated[float, Field(multiple_of=0.5)] = 0
    some: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=2, max_length=3)] = [1, 2]
    large: Annotated[int, Field(le=10**20)] = 0
    digits: Annotated[Decimal, Field(max_digits=200)] = Decimal(0)
    other: str = ""

    @field_validator("other")
    @classmethod
    def needs_the_rest(cls, value: str, info: object) -> str:
        """Fail without the other fields."""
        return f"{value}{info.data['id']}"  # type: ignore[attr-defined]

    @model_validator(mode="after")
    def check(self) -> "Model":
        """Fail always: a change of one field never comes here."""
        raise ValueError("never")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("free", Limits()),
        ("bounded", Limits(Bounds(ge=0, lt=5))),
        ("inside", Limits(Bounds(gt=0.5))),
        ("exact", Limits(Bounds(lt=1000, gt=-1000), Decimal("0.01"))),
        ("long", Limits(Bounds(le=0.1))),
        ("steps", Limits(None, Decimal("0.5"))),
        ("some", Limits(most=3)),
        ("large", Limits(Bounds(le=1e20))),
        ("digits", Limits()),
    ],
)
def test_the_limits_of_a_field_are_read_from_its_notes(name: str, expected: Limits) -> None:
    assert limits(Model, name) == expected


def test_a_value_is_judged_without_the_other_fields() -> None:
    assert "greater" in misfit(Model, "bounded", -1)
    assert "at least 2 items" in misfit(Model, "some", [1])
    assert not misfit(Model, "bounded", 1)
    assert not misfit(Model, "other", "fails without the rest")


def test_an_element_is_judged_without_the_length_of_its_list() -> None:
    assert "greater" in element_misfit(Model, "some", -1)
    assert not element_misfit(Model, "some", 1)


def test_an_amount_is_a_multiple_of_the_step() -> None:
    assert "multiple of 0.5" in step_misfit(limits(Model, "steps"), 0.3)
    assert not step_misfit(limits(Model, "steps"), 1e100)
    assert not step_misfit(Limits(), 0.3)
