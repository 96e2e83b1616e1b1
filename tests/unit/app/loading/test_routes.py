"""What a route may say of its owner and its rate, and what is refused at load."""

import pytest

from oort import Service
from oort.app.loading.loader import load
from oort.model.errors import InvalidProgram
from oort.model.functions import Http, Rate


def codes(service: Service) -> list[str]:
    """The codes of the mistakes."""
    with pytest.raises(InvalidProgram) as caught:
        load([service])
    return [mistake.code for mistake in caught.value.mistakes]


def test_an_owner_is_a_parameter_of_the_path() -> None:
    shop = Service("shop")

    @shop.get("/{id}", owner="name")
    def show(id: str) -> str:
        return id

    assert codes(shop) == ["route.owner"]


def test_a_public_route_has_no_owner() -> None:
    shop = Service("shop")

    @shop.get("/{id}", owner="id", public=True)
    def show(id: str) -> str:
        return id

    assert codes(shop) == ["route.owner"]


@pytest.mark.parametrize(
    ("rate", "burst"),
    [(0, None), (-1, 5), (10_001, 5), (5, 0), (None, 5_001), (None, -1), (float("nan"), 1)],
)
def test_a_rate_beyond_api_gateways_is_refused(rate: float | None, burst: int | None) -> None:
    shop = Service("shop")

    @shop.get("/", public=True, rate=rate, burst=burst)
    def show() -> str:
        return ""

    assert codes(shop) == ["route.rate"]


@pytest.mark.parametrize(
    ("rate", "burst", "public", "meant"),
    [
        (None, None, True, None),
        (5, None, True, Rate(5, 10)),
        (0.1, None, True, Rate(0.1, 1)),
        (None, 7, True, Rate(500, 7)),
        (None, 7, False, Rate(1_000, 7)),
        (10_000, None, False, Rate(10_000, 5_000)),
        (3, 4, False, Rate(3, 4)),
    ],
)
def test_what_a_rate_does_not_say_follows(
    rate: float | None, burst: int | None, public: bool, meant: Rate | None
) -> None:
    shop = Service("shop")

    @shop.get("/", public=public, rate=rate, burst=burst)
    def show() -> str:
        return ""

    trigger = load([shop]).functions["shop.show"].model.trigger
    assert isinstance(trigger, Http)
    assert trigger.rate == meant
