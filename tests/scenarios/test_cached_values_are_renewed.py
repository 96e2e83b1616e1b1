"""P22, second part: a value under `cached` is made once an environment, and anew when its time is over."""

from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest

from oort import Can, Get, Put, Service, Table, cached
from oort.model.errors import InvalidUse
from oort.testing import Platform

shop = Service("cached-shop")
made: list[str] = []


class Setting(msgspec.Struct):
    """One setting."""

    id: str
    value: str


class Greeting(msgspec.Struct):
    """What the shop says."""

    text: str


@shop.table("settings", key="id")
class Settings(Table[str, Setting, Can]):
    """The settings."""


@shop.provide
@cached(ttl=timedelta(minutes=5))
def greeting(settings: Settings[Get]) -> Greeting:
    """The greeting, as it was at most five minutes ago."""
    made.append("greeting")
    found = settings.get("greeting")
    return Greeting(found.value if found else "hello")


@shop.get("/", public=True)
def greet(greeting: Greeting) -> str:
    """Say it."""
    return greeting.text


@shop.put("/{value}", public=True)
def change(value: str, settings: Settings[Put]) -> None:
    """Change it."""
    settings.put(Setting("greeting", value))


@pytest.fixture
def running() -> Iterator[Platform]:
    """The shop, freshly started."""
    made.clear()
    with Platform(shop) as platform:
        yield platform


def test_a_cached_value_is_kept_for_its_time_and_then_made_anew(running: Platform) -> None:
    assert running.get("/cached-shop").json() == "hello"
    running.put("/cached-shop/welcome")
    running.advance(timedelta(minutes=4, seconds=59))
    assert running.get("/cached-shop").json() == "hello"
    assert made == ["greeting"]
    running.advance(timedelta(seconds=1))
    assert running.get("/cached-shop").json() == "welcome"
    assert made == ["greeting"] * 2


def test_the_permission_of_a_cached_provider_is_its_handlers(running: Platform) -> None:
    (greets,) = [one for one in running.model.functions if one.name == "cached-shop.greet"]
    assert [(grant.resource, grant.actions) for grant in greets.grants] == [
        ("cached-shop.settings", ("get",))
    ]


def test_a_value_cannot_be_kept_for_no_time() -> None:
    with pytest.raises(InvalidUse):
        cached(ttl=timedelta(0))
