"""What msgspec does not judge: numbers are finite, and times have a zone, at every place of a type."""

from datetime import datetime, time
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta

from oort import Open
from oort.rules.types import judges, reading
from oort.rules.types.values import compiled
from tests.unit.rules.types.value_classes import (
    INFINITE,
    NAIVE,
    NAN,
    Circle,
    Holder,
    Loose,
    Model,
    Node,
    Point,
    Row,
    Square,
)

WRONG: list[tuple[object, object, str]] = [
    (int, "1", "Expected `int`, got `str`"),
    (float, NAN, "Expected a finite number"),
    (float | None, NAN, "Expected a finite number"),
    (list[float], [1.0, INFINITE], "Expected a finite number - at `$[1]`"),
    (set[float], {INFINITE}, "Expected a finite number - at `$[0]`"),
    (dict[str, float], {"a": NAN}, "Expected a finite number - at `$.a`"),
    (dict[datetime, int], {NAIVE: 1}, "Expected a time with a zone"),
    (tuple[int, float], (1, NAN), "Expected a finite number - at `$[1]`"),
    (Decimal, Decimal("NaN"), "Expected a finite number"),
    (datetime, NAIVE, "Expected a time with a zone"),
    (time, time(12), "Expected a time with a zone"),
    (Point, Point(1.0, NAN), "Expected a finite number - at `$[1]`"),
    (Row, Row(NAIVE), "Expected a time with a zone - at `$[0]`"),
    (Loose, {"at": NAIVE}, "Expected a time with a zone - at `$.at`"),
    (Node, Node(inner=[Node(), Node(NAN)]), "Expected a finite number - at `$.inner[1].price`"),
    (Node, Node(maybe=NAIVE), "Expected a time with a zone - at `$.maybe`"),
    (Any, {"a": [1, (NAN,)]}, "Expected a finite number - at `$.a[1][0]`"),
    (object, {INFINITE}, "Expected a finite number - at `$[0]`"),
    (Circle | Square, Circle(NAN), "Expected a finite number - at `$.radius`"),
    (
        Open[Circle | Square],  # type: ignore[misc]
        Circle(NAN),
        "Expected a finite number - at `$.radius`",
    ),
    (Model, Model(price=NAN), "Expected a finite number - at `$.price`"),
    (Model, Model(price=1, at=NAIVE), "Expected a time with a zone - at `$.at`"),
    (Holder, Holder(model=Model(price=NAN)), "Expected a finite number - at `$.model.price`"),
    (Annotated[list[float], Meta(description="x")], [NAN], "Expected a finite number - at `$[0]`"),
    (float | list[float], [NAN], "Expected a finite number - at `$[0]`"),
    (dict[str, float] | None, {"a": NAN}, "Expected a finite number - at `$.a`"),
    (int | Loose, {"at": NAIVE}, "Expected a time with a zone - at `$.at`"),
    (Any | None, NAN, "Expected a finite number"),
    (Decimal | None, Decimal("inf"), "Expected a finite number"),
    (datetime | None, NAIVE, "Expected a time with a zone"),
]


@pytest.mark.parametrize(("kind", "value", "why"), WRONG, ids=str)
def test_what_does_not_fit_is_not_written(kind: Any, value: object, why: str) -> None:
    for write in (compiled(kind).plain, compiled(kind).write):
        with pytest.raises(msgspec.ValidationError) as caught:
            write(value)
        assert str(caught.value).startswith(why)
    with pytest.raises(msgspec.ValidationError):
        compiled(kind).plain(value, keep=(datetime,))


def test_what_can_never_fail_is_not_visited() -> None:
    for kind in (int, tuple[int, str], list[str], dict[str, int], tuple[int, float]):
        judge = judges.judge(reading.compiled(kind))
        assert (judge is None) == (kind != tuple[int, float])
        if judge is not None:
            assert judge((1, 1.0)) is None


def test_a_value_that_is_read_of_json_has_finite_numbers() -> None:
    kinds: list[Any] = [float, list[float], Any, dict[str, Any]]
    assert [judges.judge(reading.compiled(kind), of_json=True) for kind in kinds] == [None] * 4
    assert None not in [judges.judge(reading.compiled(kind)) for kind in kinds]
    names = judges.judge(reading.compiled(dict[float, int]), of_json=True)
    assert names is not None
    assert names({float("nan"): 1}) is not None
