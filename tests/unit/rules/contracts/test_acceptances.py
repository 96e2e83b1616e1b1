"""Deliberate breaks: what can be accepted, what it opens, and how long."""

from dataclasses import replace

import pytest

from oort.model.contracts import (
    Acceptance,
    DeclaredContracts,
    DeclaredData,
    EventLock,
    Finding,
    Locks,
    Weight,
)
from oort.model.resources import Kind
from oort.rules.contracts import acceptances, data_changes, event_changes, locks
from tests.unit.rules.contracts.samples import declared, locked, sold
from tests.unit.rules.contracts.test_data_changes import Item, More, Text, data

KEY = (Kind.TABLE, "shop.things")


def whole(table: DeclaredData) -> DeclaredContracts:
    return DeclaredContracts(data={KEY: table})


def published() -> Locks:
    return Locks(data={KEY: locks.data(data(Item), None, stage="prod")})


def accepted(before: Locks, now: DeclaredContracts, reason: str = "Empty.") -> Locks:
    """The locks after all objections to the table are accepted."""
    found = acceptances.objections(data_changes.findings(now, before), "shop.things", ())
    (lock,) = acceptances.accept(now, before, found, reason, fits=data_changes.fits).written
    return Locks(data={KEY: lock})  # type: ignore[dict-item]


def finding(code: str, **more: object) -> Finding:
    given = {"weight": Weight.OBJECTION, "subject": "shop", "what": "", "instead": ""}
    return Finding(code=code, **{**given, **more})  # type: ignore[arg-type]


def test_an_accepted_form_is_the_published_form_from_then_on() -> None:
    now = whole(data(Text))
    after = accepted(published(), now)
    assert list(data_changes.findings(now, after)) == []
    assert after.data[KEY].accepted == (Acceptance("Empty.", ("breaking",), ("prod",)),)
    assert after.data[KEY].published == ("prod",)
    assert after.data[KEY].earlier == ()
    assert [each.code for each in data_changes.findings(whole(data(Item)), after)] == [
        "data.breaking",
        "data.breaking",
    ]


def test_a_second_break_has_a_reason_of_its_own() -> None:
    twice = accepted(accepted(published(), whole(data(Text))), whole(data(Item)), "Still empty.")
    assert [each.reason for each in twice.data[KEY].accepted] == ["Empty.", "Still empty."]


def test_an_acceptance_ends_with_the_deployment_to_its_stage() -> None:
    after = accepted(published(), whole(data(Text))).data[KEY]
    broken = finding("data.breaking", subject="shop.things", kind=Kind.TABLE)
    assert acceptances.covers(after, broken, stage="prod")
    assert not acceptances.covers(after, broken, stage="test")
    assert not acceptances.covers(after, replace(broken, code="data.key"), stage="prod")
    assert not acceptances.covers(after, replace(broken, route="GET /"), stage="prod")
    assert not acceptances.covers(None, broken, stage="prod")
    # A lock file of an earlier Oort names only the proofs.
    assert acceptances.covers(after, replace(broken, code="data.same-revision"), stage="prod")
    deployed = locks.data(data(Text), after, stage="prod")
    assert not acceptances.covers(deployed, broken, stage="prod")
    assert deployed.accepted[0].reason == "Empty."


def test_the_end_of_a_contract_is_accepted_in_the_stages_that_have_it() -> None:
    after = accepted(published(), DeclaredContracts())
    assert list(data_changes.findings(DeclaredContracts(), after)) == []
    lock = after.data[KEY]
    assert acceptances.is_over(lock)
    assert not acceptances.is_over(replace(lock, published=("prod", "test")))
    assert not acceptances.is_over(replace(lock, published=()))
    assert not acceptances.is_over(lock, "GET /")


def test_the_end_of_an_event_is_accepted_and_its_change_is_not() -> None:
    before = locked(sold())
    (gone,) = event_changes.findings(DeclaredContracts(), before)
    assert acceptances.refused([gone]) == []
    (lock,) = acceptances.accept(
        DeclaredContracts(), before, [gone], "Over.", fits=data_changes.fits
    ).written
    assert isinstance(lock, EventLock)
    after = Locks(events={("shop.sold", 1): lock})
    assert list(event_changes.findings(DeclaredContracts(), after)) == []
    newer = sold(version=2)
    assert "contract.gap" not in [
        each.code for each in event_changes.findings(declared(newer), after)
    ]
    change = finding("contract.breaking", subject="shop.sold", version=1)
    assert acceptances.refused([change, gone]) == [change]


@pytest.mark.parametrize(("routes", "expected"), [((), ["a", "b"]), (("a",), ["a"]), (("c",), [])])
def test_routes_are_named(routes: tuple[str, ...], expected: list[str]) -> None:
    found = [
        finding("api.status", route="a"),
        finding("api.body", route="b"),
        finding("api.default", route="a", weight=Weight.WARNING),
        finding("api.status", route="a", subject="other"),
    ]
    named = acceptances.objections(found, "shop", routes)
    assert [each.route for each in named] == expected


def test_forms_that_the_accepted_program_still_reads_stay_published() -> None:
    first = locks.data(data(Item), None, stage="prod")
    second = locks.data(data(More, Item), first, stage="prod")
    before = Locks(data={KEY: second})
    after = accepted(before, whole(data(Text, Item)))
    assert [form.revision for form in after.data[KEY].earlier] == [1]
    assert "data.breaking" in [
        each.code for each in data_changes.findings(whole(data(Text, Text)), after)
    ]


def test_the_accepted_form_itself_is_no_earlier_form() -> None:
    assert not data_changes.fits(data(Item), data(Item).form)
    assert data_changes.fits(data(More), data(Item).form)
    assert not data_changes.fits(data(Text), data(Item).form)
