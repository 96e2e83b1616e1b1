"""What lock files hold next."""

from dataclasses import replace

import msgspec

from oort.model.contracts import (
    ApiLock,
    DataLock,
    DeclaredApi,
    DeclaredContracts,
    EventLock,
    Locks,
    Schema,
)
from oort.model.items import Value
from oort.rules.contracts import locks, revisions
from oort.rules.contracts.locks import Standing
from tests.unit.rules.contracts.samples import EXAMPLES, Cheap, Noted, Sold, declared, locked, sold
from tests.unit.rules.contracts.test_data_changes import Item, More, data

DOCUMENT: Schema = {"paths": {}}
CHEAP: Value = {"id": "1", "price": ""}
API = DeclaredApi("shop", revisions.hashed(DOCUMENT), DOCUMENT, {})


def event(found: locks.Changes) -> EventLock:
    (one,) = (lock for lock in found.written if isinstance(lock, EventLock))
    return one


def test_a_draft_follows_the_program_and_keeps_nothing() -> None:
    found = locks.changes(
        declared(sold(Cheap)), locked(sold(), stage=""), examples=lambda _: (CHEAP,)
    )
    assert event(found).revision == sold(Cheap).revision
    assert (event(found).earlier, event(found).published) == ((), ())
    assert event(found).examples == (CHEAP,)


def test_what_is_published_keeps_its_earlier_revisions_each_once() -> None:
    before = locked(sold(Noted))
    after = event(locks.changes(declared(sold()), before, examples=lambda _: EXAMPLES))
    assert after.earlier == (sold(Noted).revision,)
    assert [one.pointer for one in after.removed] == ["/note"]
    back = locks.event(sold(Noted), after, examples=lambda _: EXAMPLES)
    assert back.earlier == (sold(Sold).revision,)
    assert back.removed == ()


def test_another_docstring_is_no_revision_of_its_own() -> None:
    said = msgspec.defstruct(
        "Sold", [("id", str), ("price", int)], kw_only=True, namespace={"__doc__": "It was sold."}
    )
    after = locks.event(
        sold(said), locked(sold()).events["shop.sold", 1], examples=lambda _: EXAMPLES
    )
    assert after.revision.hash != sold().revision.hash
    assert after.earlier == ()
    again = locks.event(sold(said), after, examples=lambda _: EXAMPLES)
    assert again == after


def test_what_is_in_step_is_not_written() -> None:
    whole = DeclaredContracts(declared(sold()).events, {"shop": API})
    first = locks.changes(whole, Locks(), examples=lambda _: EXAMPLES)
    assert len(first.written) == 2
    events = {(one.event, one.version): one for one in first.written if isinstance(one, EventLock)}
    apis = {one.service: one for one in first.written if isinstance(one, ApiLock)}
    again = locks.changes(whole, Locks(events, apis), examples=lambda _: EXAMPLES)
    assert not again
    published = locks.changes(whole, Locks(events, apis), examples=lambda _: EXAMPLES, stage="prod")
    assert [one.published for one in published.written] == [("prod",), ("prod",)]


def test_drafts_of_what_is_gone_are_removed_and_what_is_published_stays() -> None:
    drafts = Locks(locked(sold(), stage="").events, {"shop": locks.api(API, None)})
    assert [
        type(one)
        for one in locks.changes(DeclaredContracts(), drafts, examples=lambda _: EXAMPLES).removed
    ] == [
        EventLock,
        ApiLock,
    ]
    kept = Locks(locked(sold()).events, {"shop": locks.api(API, None, stage="prod")})
    assert not locks.changes(DeclaredContracts(), kept, examples=lambda _: EXAMPLES)


def test_a_deployment_publishes_what_its_services_publish_consume_and_answer() -> None:
    other = replace(sold(), event="lab.found", producers=("lab.find",), consumers=())
    whole = DeclaredContracts(declared(sold(), other).events, {"shop": API})
    for services, names in (
        (["shop"], ["shop.sold", "shop"]),
        (["desk"], ["shop.sold"]),
        (["lab"], ["lab.found"]),
    ):
        found = locks.published(
            whole, Locks(), services=services, examples=lambda _: EXAMPLES, stage="prod"
        )
        assert [
            getattr(one, "event", "") or getattr(one, "service", "") for one in found.written
        ] == names
        assert {one.published for one in found.written} == {("prod",)}
    gone = locked(replace(sold(), event="shop.gone"), stage="")
    assert (
        locks.published(
            whole, gone, services=["lab"], examples=lambda _: EXAMPLES, stage="prod"
        ).removed
        == ()
    )


def test_a_stage_has_the_present_form_only_if_this_is_known() -> None:
    first = data_of(Item)
    changed = locks.data(data(More), first)
    assert locks.standing(first, None, stage="prod") == Standing(present=("prod",))
    assert locks.standing(first, first) == Standing(present=("prod",))
    assert locks.standing(changed, first) == Standing(earlier=("prod",))
    assert locks.standing(changed, changed) == Standing(either=("prod",))
    deployed = locks.data(data(More), changed, stage="test")
    assert locks.standing(deployed, changed, stage="test") == Standing(
        present=("test",), either=("prod",)
    )
    # Back to the form that prod may still run.
    assert locks.standing(locks.data(data(Item), changed), changed) == Standing(either=("prod",))
    api = ApiLock("shop", "sha256:1", {}, ("prod",))
    assert locks.standing(api, replace(api, hash="sha256:2")) == Standing(either=("prod",))
    assert Locks(apis={"shop": api}).before(api) == api
    assert Locks().before(first) is None
    event = locked(sold()).events["shop.sold", 1]
    assert locks.standing(event, event) == Standing(present=("prod",))
    assert Locks().before(event) is None


def data_of(kind: object) -> DataLock:
    """The lock of a table that is published in prod."""
    return locks.data(data(kind), None, stage="prod")
