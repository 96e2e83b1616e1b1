"""What a deployment of some services would break of what the stage runs."""

from dataclasses import replace

import pytest

from oort.model.contracts import DeclaredContracts, DeclaredData, Finding, Schema, ServiceRuns
from oort.model.resources import Kind
from oort.rules.contracts import stage_changes
from tests.unit.rules.contracts.samples import Cheap, Noted, Sold, codes, declared, keyed, sold
from tests.unit.rules.contracts.test_data_changes import Item, Text, data

SELLER, DESK = sold(consumers=()), sold(producers=())


def runs(
    *declared_: DeclaredContracts, services: tuple[str, ...] = ("shop", "desk")
) -> list[ServiceRuns]:
    return [one for whole in declared_ for one in stage_changes.running(whole, services)]


def found(whole: DeclaredContracts, there: list[ServiceRuns], *services: str) -> list[Finding]:
    return list(stage_changes.findings(whole, there, services=services))


def test_each_service_says_what_it_publishes_and_consumes() -> None:
    shop, desk, other = stage_changes.running(declared(sold()), ["shop", "desk", "other"])
    assert [(one.producers, one.consumers) for one in shop.events] == [(("shop.sell",), ())]
    assert [(one.producers, one.consumers) for one in desk.events] == [((), ("desk.v1",))]
    assert other.events == ()


def test_what_fits_may_be_deployed() -> None:
    there = runs(declared(sold()))
    assert found(declared(sold()), there, "shop", "desk") == []
    assert found(declared(sold(Noted)), there, "shop") == []
    assert found(declared(sold()), [], "shop") == []


def test_a_breaking_edit_of_what_runs_is_refused_whatever_the_lock_says() -> None:
    refused = found(declared(sold(Cheap)), runs(declared(sold())), "shop")
    assert codes(refused) == ["stage.breaking"] * 2
    assert {one.consumers for one in refused} == {("desk.v1",)}
    assert refused[1].refuses == "the reader schema that the stage runs"
    assert codes(found(declared(keyed(sold(), "price")), runs(declared(sold())), "desk")) == [
        "stage.key"
    ]


def test_what_cannot_be_decided_is_refused() -> None:
    odd = sold(Noted)
    odd.revision.reader["unevaluatedProperties"] = {"type": "integer"}
    unknown = replace(odd, revision=replace(odd.revision, hash="sha256:other"))
    assert codes(found(declared(unknown), runs(declared(sold())), "shop")) == ["stage.unknown"]


def test_a_consumer_that_stays_must_get_what_is_published() -> None:
    new = sold(Cheap, version=2, reads=frozenset({1}), consumers=("desk.v2",))
    there = runs(declared(sold()))
    (refused,) = found(declared(new), there, "shop")
    assert refused.code == "stage.consumer"
    assert (
        refused.what
        == "The event would be published, and desk.v1 runs in the stage and knows only version 1."
    )
    assert refused.instead == "Deploy desk with it, or first; or write @downcast to version 1."
    assert found(declared(new), there, "shop", "desk") == []
    assert found(declared(replace(new, serves=1)), there, "shop") == []


def test_a_consumer_that_is_deployed_must_read_what_the_stage_publishes() -> None:
    new = sold(Cheap, version=2, consumers=("desk.v2",))
    there = runs(declared(sold()))
    (refused,) = found(declared(new), there, "desk")
    assert (refused.code, refused.consumers) == ("stage.producer", ("desk.v2",))
    assert "shop.sell runs in the stage and publishes shop.sold version 1" in refused.what
    assert found(declared(replace(new, reads=frozenset({1}))), there, "desk") == []


@pytest.mark.parametrize("serves", [1, 2])
def test_a_consumer_of_an_older_version_depends_on_what_the_producer_serves(serves: int) -> None:
    there = runs(declared(sold(version=2, serves=serves)), services=("shop",))
    assert codes(found(declared(sold()), there, "desk")) == (
        [] if serves == 1 else ["stage.producer"]
    )


def test_another_event_does_not_count() -> None:
    other = replace(sold(Sold, version=2), event="shop.lost")
    assert found(declared(other), runs(declared(sold())), "shop") == []


def test_the_end_of_a_services_routes_is_refused() -> None:
    document: Schema = {
        "paths": {"/shop": {"get": {"operationId": "shop.a", "responses": {"200": {}}}}}
    }
    there = [ServiceRuns("shop", (), document)]
    (refused,) = found(DeclaredContracts(), there, "shop")
    assert (refused.code, refused.route) == ("api.removed", "GET /shop")
    assert found(DeclaredContracts(), there, "desk") == []


def test_a_table_is_behind_if_the_stage_has_an_earlier_revision() -> None:
    def whole(*each: DeclaredData) -> DeclaredContracts:
        return DeclaredContracts(data={(one.kind, one.name): one for one in each})

    first, second = whole(data(Item)), whole(data(Text, Item))
    there = runs(first, services=("shop",))
    assert stage_changes.behind(second, there, services=["shop"]) == ("shop.things",)
    assert stage_changes.behind(second, there, services=["desk"]) == ()
    assert stage_changes.behind(first, there, services=["shop"]) == ()
    assert stage_changes.behind(whole(), there, services=["shop"]) == ()
    queue = whole(data(Text, Item, of=Kind.QUEUE))
    waiting = runs(whole(data(Item, of=Kind.QUEUE)), services=("shop",))
    assert stage_changes.behind(queue, waiting, services=["shop"]) == ()
