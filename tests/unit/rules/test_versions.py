"""Versions that are live at once: the draw, the common model, and what keeps two versions apart."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from oort.model.errors import InvalidUse, StateUnusable
from oort.model.functions import Answer, FunctionModel, Http, Subscription, Worker
from oort.model.platform import PlatformModel, ServiceModel
from oort.model.resources import CallModel, EventModel, IndexModel, Resource
from oort.model.versions import LiveVersion
from oort.rules import versions
from tests.unit import programs

BY_NAME = IndexModel("by_name", "name", "age", primary=False)
BY_PLACE = IndexModel("by_place", "place", None, primary=False)


def live(
    name: str,
    *resources: Resource,
    functions: tuple[FunctionModel, ...] = (),
    share: int = 50,
    shares: Mapping[str, int] | None = None,
    platform: str = "p",
    cors: tuple[str, ...] = (),
) -> LiveVersion:
    """A version with the service shop."""
    service = ServiceModel(name="shop", resources=resources, functions=functions, cors=cors)
    return LiveVersion(
        name, PlatformModel(platform, (service,)), {"shop": share} if shares is None else shares
    )


def test_each_weight_is_drawn_for_its_part_of_the_chances() -> None:
    drawn = [versions.drawn([90, 0, 10], number / 1000) for number in range(1000)]
    assert [drawn.count(place) for place in range(3)] == [900, 0, 100]
    assert versions.drawn([3, 0], 1.0) == 0  # a rounding


def test_a_route_a_call_and_a_queue_keep_their_identity_when_the_handler_is_renamed() -> None:
    triggers = (
        Http("GET", "/shop/{id}", 200, True, ()),
        Answer("shop.ask", timedelta(seconds=1)),
        Worker("shop.jobs", 1),
    )
    for trigger in triggers:
        one, other = programs.function("shop.a", trigger), programs.function("shop.b", trigger)
        assert versions.identity(one) == versions.identity(other)
    renamed = programs.function("shop.c", Http("GET", "/shop/{number}", 200, True, ()))
    assert versions.identity(renamed) == versions.identity(programs.function("shop.a", triggers[0]))


def test_the_common_model_has_what_any_version_has() -> None:
    table = programs.table("shop.items", BY_NAME)
    wider = replace(programs.table("shop.items", BY_NAME, BY_PLACE), numeric=frozenset({"age"}))
    slow = replace(programs.queue("shop.jobs"), visibility=timedelta(hours=1))
    quick = replace(programs.queue("shop.jobs"), attempts=2)
    event = EventModel("shop.sold", 1, "id", "shop", programs.HERE)
    route = programs.route("GET", "/shop")
    old = live("old", table, slow, event, functions=(route,), cors=("https://a",))
    new = live(
        "new",
        wider,
        quick,
        replace(event, version=2),
        CallModel("shop.ask", "shop", timedelta(seconds=1), False, programs.HERE),
        functions=(replace(route, name="shop.renamed"), programs.route("GET", "/shop/new")),
        cors=("https://b",),
    )
    (service,) = versions.merged([old, new]).services
    assert service.tables == (wider,)
    assert service.queues == (replace(quick, visibility=timedelta(hours=1)),)
    assert sorted(each.version for each in service.events) == [1, 2]
    names = ["shop.renamed", "shop.get /shop/new"]
    assert [function.name for function in service.functions] == names
    assert set(service.cors) == {"https://a", "https://b"}
    # A version without a share has no say, but keeps its own resources.
    (service,) = versions.merged([old, replace(new, shares={})]).services
    assert service.queues == (slow,)
    assert {index.name for index in service.tables[0].indexes} == {"by_name", "by_place"}
    assert service.functions[0].name == route.name


def test_a_service_may_be_new() -> None:
    other = ServiceModel(name="other")
    old = live("old")
    new = replace(old, name="new", model=PlatformModel("p", (*old.model.services, other)))
    assert [service.name for service in versions.merged([old, new]).services] == ["shop", "other"]
    versions.check_shares([old, new])


@pytest.mark.parametrize(
    ("one", "other", "what"),
    [
        (live("a", shares={"attic": 1}), live("b"), "a has no service attic"),
        (live("a", share=-1), live("b"), "-1 is not a share of shop"),
        (live("a", share=1001), live("b"), "1001 is not a share of shop"),
        (live("a", share=0), live("b", shares={}), "No version would have a share of shop"),
    ],
)
def test_impossible_shares_are_refused(one: LiveVersion, other: LiveVersion, what: str) -> None:
    with pytest.raises(InvalidUse, match=what):
        versions.check_shares([one, other])


@pytest.mark.parametrize("name", ["", "-a", "a b", "a/b", "a" * 64, "é", "a\n"])
def test_a_name_is_short_and_plain(name: str) -> None:
    versions.check_name("2026-12-01.a_b")
    with pytest.raises(InvalidUse, match="is not a name for a version"):
        versions.check_name(name)


TABLE = programs.table("shop.items", BY_NAME)
STRANGE = '{"reader":{"type":"integer"},"writer":{"type":"integer"}}'
TEXT = '{"reader":{"type":"string"},"writer":{"type":"string"}}'


def subscribed(version: int) -> FunctionModel:
    """A consumer of an event's version."""
    return programs.function("shop.on", Subscription("shop.sold", version, "shop.on", 1))


@pytest.mark.parametrize(
    ("one", "other", "what"),
    [
        (live("a"), live("b", platform="q"), "not versions of one platform"),
        (live("a", TABLE), live("b", replace(TABLE, sort="n")), "its key or its version attribute"),
        (live("a", TABLE), live("b", replace(TABLE, version="v")), "its version attribute differs"),
        (
            live("a", TABLE),
            live("b", programs.table("shop.items", replace(BY_NAME, sort=None))),
            "the index by_name differs",
        ),
        (
            live("a", TABLE),
            live("b", replace(TABLE, numeric=frozenset({"age"}))),
            "a number in one and a text in the other",
        ),
        (
            live("a", TABLE),
            live("b", replace(TABLE, revision=2)),
            "revision 1 in one, and revision 2",
        ),
        (
            live("a", replace(TABLE, revision=2, schemas=(TEXT,))),
            live("b", replace(TABLE, revision=2, schemas=(STRANGE,))),
            "two branches have changed its type",
        ),
        (
            live("a", programs.queue("shop.jobs")),
            live("b", replace(programs.queue("shop.jobs"), revision=2)),
            "misread messages of shop.jobs",
        ),
        (
            live("a", functions=(subscribed(1),)),
            live("b", functions=(subscribed(2),)),
            "version 1 of shop.sold in one, and version 2",
        ),
    ],
)
def test_versions_that_would_misread_each_other_are_refused(
    one: LiveVersion, other: LiveVersion, what: str
) -> None:
    with pytest.raises(StateUnusable, match=what):
        versions.check_together([one, other])
    with pytest.raises(StateUnusable):
        versions.check_together([other, one])


def test_versions_that_understand_each_other_are_accepted() -> None:
    work = programs.function("shop.work", Worker("shop.jobs", 1))
    queue = programs.queue("shop.jobs")
    typed = replace(TABLE, revision=3, schemas=("", TEXT))
    one = live("a", typed, queue, functions=(work, subscribed(1), programs.route("GET", "/")))
    more = (programs.table("shop.more"), programs.queue("shop.more"))
    wider = replace(typed, indexes=(BY_NAME, BY_PLACE), numeric=frozenset({"place"}))
    versions.check_together([one, live("b", wider, queue, *more, functions=(work, subscribed(1)))])
