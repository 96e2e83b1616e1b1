"""What is said of events and their locks, change by change."""

from dataclasses import replace

import jsonschema_rs
import msgspec
import pytest

from oort.model.contracts import DeclaredContracts, Locks, Weight
from oort.rules import inclusion
from oort.rules.contracts import event_changes, fits
from oort.rules.contracts import locks as locking
from oort.rules.contracts.event_changes import AHEAD, BEHIND
from tests.repeats import times
from tests.unit.rules.contracts.samples import (
    EXAMPLES,
    Cheap,
    Noted,
    Numbered,
    Priceless,
    Sold,
    codes,
    declared,
    keyed,
    locked,
    sold,
)


@pytest.mark.unmeasured
def test_what_is_in_step_is_not_even_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole check of a large platform rests on this: only what changed costs anything."""
    every = [
        replace(
            sold(version=version, reads=frozenset(range(1, version))), event=f"shop.sold-{number}"
        )
        for number in range(times(200, least=40))
        for version in range(1, 11)
    ]
    locks = locked(*every)
    changed = replace(every[0], revision=sold(Noted).revision)
    compared: list[object] = []

    def counting(old: object, new: object, **words: object) -> object:
        compared.append((old, new))
        return inclusion.compare(old, new, **words)  # type: ignore[arg-type]

    monkeypatch.setattr(fits, "compare", counting)
    assert codes(event_changes.findings(declared(*every), locks)) == []
    assert compared == []
    assert codes(event_changes.findings(declared(changed, *every[1:]), locks)) == [
        "contract.outdated"
    ]
    assert len(compared) == 2  # both ways


def test_a_change_is_judged_both_ways_and_proven() -> None:
    new = sold(Cheap)
    behind, ahead = event_changes.findings(
        declared(new), locked(sold()), examples=lambda _: ({"id": "8", "price": "x"},)
    )
    assert (behind.code, behind.side, behind.witness) == (
        "contract.breaking",
        BEHIND,
        (EXAMPLES[0],),
    )
    assert (ahead.code, ahead.side, ahead.witness) == (
        "contract.breaking",
        AHEAD,
        ({"id": "8", "price": "x"},),
    )
    assert [(one.name, one.pointer, one.holder) for one in (behind, ahead)] == [
        ("price", "/price", "Cheap"),
        ("price", "/price", "Sold"),
    ]
    assert behind.refuses == "the reader schema of the class"
    assert ahead.refuses == "the reader schema in contracts/shop.sold/1.json"
    for finding, reader in ((behind, new.revision.reader), (ahead, sold().revision.reader)):
        assert finding.witness is not None
        assert not jsonschema_rs.is_valid(reader, finding.witness[0])
    assert ahead.consumers == ("desk.v1",)
    assert ahead.instead.startswith(
        "Keep price as it was, or publish version 2 with @upcast from version 1"
    )


def test_consumers_in_the_lock_and_in_the_program_would_break() -> None:
    before = sold(consumers=("desk.old",))
    later = sold(version=2, reads=frozenset({1}), consumers=("desk.newer",))
    found = event_changes.findings(
        declared(sold(Cheap, consumers=("desk.new",)), later), locked(before, later)
    )
    assert next(found).consumers == ("desk.new", "desk.newer", "desk.old")


def test_a_lost_member_and_a_new_one_say_what_to_do() -> None:
    (lost,) = event_changes.findings(declared(sold(Priceless)), locked(sold()))
    assert (lost.side, lost.name) == (AHEAD, "price")
    assert lost.instead.startswith("Keep price, or ")
    (new,) = event_changes.findings(declared(sold()), locked(sold(Priceless)))
    assert (new.side, new.name) == (BEHIND, "price")
    assert new.instead.startswith("Give price a default, or ")


def test_every_earlier_revision_counts_and_removed_names_keep_their_meaning() -> None:
    locks = locked(sold())
    for kind in (Noted, Sold):
        found = codes(event_changes.findings(declared(sold(kind)), locks))
        assert [code for code in found if code != "contract.field-gone"] == ["contract.outdated"]
        locks = locked(sold(kind), before=locks.events.values())
    (lock,) = locks.events.values()
    assert [one.hash for one in lock.earlier] == [sold(Noted).revision.hash]
    assert [one.pointer for one in lock.removed] == ["/note"]
    behind, ahead = event_changes.findings(declared(sold(Numbered)), locks)
    assert "of the earlier revision sha256:" in ahead.refuses
    assert behind.instead.startswith("Earlier messages hold note with another schema")
    assert codes(event_changes.findings(declared(sold(Noted)), locks)) == [
        "contract.outdated"
    ]  # it was that already


def test_what_cannot_be_decided_is_refused() -> None:
    class Odd(msgspec.Struct, kw_only=True):
        id: str
        price: int
        note: msgspec.Raw | None = None

    odd = sold(Odd)
    odd.revision.reader["unevaluatedProperties"] = {"type": "integer"}
    unknown = replace(odd, revision=replace(odd.revision, hash="sha256:other"))
    found = list(event_changes.findings(declared(unknown), locked(sold())))
    assert codes(found) == ["contract.unknown"]
    assert "cannot be decided" in found[0].what
    assert found[0].instead.startswith("Use simpler types, or publish version 2")
    assert found[0].witness is None


def test_another_key_is_refused() -> None:
    found = list(event_changes.findings(declared(keyed(sold(), "price")), locked(sold())))
    assert codes(found) == ["contract.key"]
    assert found[0].instead == 'Keep key="id", or publish version 2 with the other key.'


def test_another_default_is_only_said() -> None:
    class Other(msgspec.Struct, kw_only=True):
        id: str
        price: int
        note: str = "none"

    found = list(event_changes.findings(declared(sold(Other)), locked(sold(Noted))))
    assert codes(found) == ["contract.default", "contract.outdated"]
    assert (found[0].weight, found[0].pointer) == (Weight.WARNING, "/note")
    assert found[0].what == 'The default of /note was "" and is "none".'


def test_drafts_change_freely_and_are_only_mentioned() -> None:
    assert codes(event_changes.findings(declared(sold()), Locks())) == ["contract.unlocked"]
    drafts = locked(sold(), stage="")
    assert codes(event_changes.findings(declared(sold()), drafts)) == []
    changed = list(event_changes.findings(declared(sold(Cheap)), drafts))
    assert [(one.code, one.weight) for one in changed] == [("contract.draft", Weight.NOTE)]
    assert codes(event_changes.findings(DeclaredContracts(), drafts)) == ["contract.left"]


def test_what_is_published_must_keep_its_class() -> None:
    (alone,) = event_changes.findings(DeclaredContracts(), locked(sold()))
    assert (alone.code, alone.consumers) == ("contract.gone", ("desk.v1",))
    assert alone.instead.startswith("Keep the class. When the last message")
    newer = sold(version=2, reads=frozenset({1}))
    (one,) = event_changes.findings(declared(newer), locked(sold(), newer))
    assert one.consumers == ("desk.v1", "desk.v2")
    assert one.instead.startswith("Keep the class, with @upcast to version 2. ")


def test_an_older_version_must_lead_to_what_consumers_know() -> None:
    old, new = sold(), sold(version=2)
    (gap,) = event_changes.findings(declared(old, new), locked(old, new))
    assert (gap.code, gap.consumers) == ("contract.gap", ("desk.v2",))
    bridged = replace(new, reads=frozenset({1}))
    assert codes(event_changes.findings(declared(old, bridged), locked(old, bridged))) == []
    alone = replace(new, consumers=())
    assert codes(event_changes.findings(declared(old, alone), locked(old, alone))) == []
    assert codes(event_changes.findings(declared(old, new), locked(old, new, stage=""))) == []


def test_an_event_begins_with_version_1_or_with_what_its_lock_files_hold() -> None:
    new, later = sold(version=3), sold(version=4, reads=frozenset({3}))
    found = list(event_changes.findings(declared(new, later), Locks()))
    first = [finding for finding in found if finding.code == "contract.first"]
    assert [finding.what for finding in first] == [
        "shop.sold begins with version 3, and there was no earlier version."
    ]
    assert first[0].source == new.source
    for locks in (locked(sold(version=2)), locked(new), locked(sold(), stage="")):
        assert "contract.first" not in codes(event_changes.findings(declared(new), locks))
    for locks in (locked(new, stage=""), locked(later)):
        assert "contract.first" in codes(event_changes.findings(declared(new), locks))
    assert "contract.first" not in codes(event_changes.findings(declared(sold()), Locks()))


def test_a_promise_of_compatibility_is_held() -> None:
    old, new = sold(), sold(Noted, version=2, compatible=1, reads=frozenset({1}))
    assert codes(event_changes.findings(declared(old, new), locked(old))) == ["contract.unlocked"]
    broken = replace(new, revision=sold(Cheap).revision)
    found = list(event_changes.findings(declared(old, broken), locked(old)))
    assert codes(found) == ["contract.compatible"]
    assert found[0].what == "compatible=1 is declared, and price: consumers of version 1 refuse it."
    assert found[0].consumers == ("desk.v1", "desk.v2")
    assert codes(event_changes.findings(declared(broken), locked(old))) == [
        "contract.gone",
        "contract.compatible",
    ]
    assert codes(event_changes.findings(declared(broken), Locks())) == [
        "contract.compatible",
        "contract.first",
    ]
    assert (
        codes(event_changes.findings(declared(old, broken), locked(old, broken))) == []
    )  # judged when it was locked
    assert codes(
        event_changes.findings(declared(sold(Priceless), new), locked(old, new, stage=""))
    ) == ["contract.draft"]


def test_a_version_in_between_that_never_was_is_no_gap() -> None:
    new = sold(Noted, version=3, compatible=1, reads=frozenset({1}))
    assert codes(event_changes.findings(declared(sold(), new), locked(sold(), new))) == []
    assert (
        codes(event_changes.findings(declared(sold(), new), Locks())) == ["contract.unlocked"] * 2
    )


def test_a_conversion_that_nobody_needs_is_said() -> None:
    new = sold(version=2, converted=(1,), reads=frozenset({1}))
    old = sold(consumers=())
    found = list(event_changes.findings(declared(old, new), locked(old, new)))
    assert [(one.code, one.weight) for one in found] == [("contract.downcast", Weight.WARNING)]
    # A stage still has a consumer of version 1.
    assert codes(event_changes.findings(declared(old, new), locked(sold(), new))) == [
        "contract.consumer"
    ]


def test_a_change_of_who_consumes_is_to_be_locked() -> None:
    found = list(
        event_changes.findings(declared(sold(consumers=("desk.v1", "desk.more"))), locked(sold()))
    )
    assert codes(found) == ["contract.outdated"]


def test_an_optional_field_that_is_lost_or_renamed_is_told() -> None:
    gone, outdated = event_changes.findings(declared(sold()), locked(sold(Noted)))
    assert (gone.code, gone.weight, gone.pointer) == (
        "contract.field-gone",
        Weight.WARNING,
        "/note",
    )
    assert gone.consumers == ("desk.v1",)
    assert outdated.code == "contract.outdated"


class Sum(msgspec.Struct, array_like=True):
    net: int
    tax: int


class Turned(msgspec.Struct, array_like=True):
    tax: int
    net: int


class Sums(msgspec.Struct, kw_only=True):
    id: str
    price: Sum


class TurnedSums(msgspec.Struct, kw_only=True):
    id: str
    price: Turned


def test_fields_by_position_keep_their_order() -> None:
    first, second = event_changes.findings(declared(sold(TurnedSums)), locked(sold(Sums)))
    assert (first.code, first.pointer, first.name) == ("contract.position", "/price/0", "net")
    assert (second.pointer, second.name) == ("/price/1", "tax")
    assert first.weight is Weight.OBJECTION


def test_another_order_is_a_revision_of_its_own() -> None:
    lock = locking.event(
        sold(TurnedSums), locked(sold(Sums)).events["shop.sold", 1], examples=lambda _: ()
    )
    assert [one.hash for one in lock.earlier] == [sold(Sums).revision.hash]


class Card(msgspec.Struct, tag="card"):
    number: str


class Cash(msgspec.Struct, tag="cash"):
    coins: int


class PaidBy(msgspec.Struct, kw_only=True):
    id: str
    by: Card | Cash


class Untagged(msgspec.Struct):
    number: str


class Paid(msgspec.Struct, kw_only=True):
    id: str
    by: Untagged


def test_a_tag_is_not_given_a_default() -> None:
    lock = replace(locked(sold(Paid)).events["shop.sold", 1], examples=())
    before = Locks(events={("shop.sold", 1): lock})
    first, *_ = event_changes.findings(declared(sold(PaidBy)), before)
    assert (first.name, first.side) == ("type", BEHIND)
    assert first.instead.startswith(
        "Keep type, the tag of a union, as it was, or publish version 2"
    )


def test_the_consumers_of_a_stage_count_until_it_is_deployed() -> None:
    lock = locked(sold()).events["shop.sold", 1]
    alone = replace(sold(), consumers=())
    kept = locking.event(alone, lock, examples=lambda _: ())
    assert kept.consumers == ("desk.v1",)
    assert locking.event(alone, kept, examples=lambda _: ()) == kept
    assert locking.event(alone, kept, examples=lambda _: (), stage="prod").consumers == ()
    draft = replace(lock, published=())
    assert locking.event(alone, draft, examples=lambda _: ()).consumers == ()


def test_a_consumer_that_is_renamed_or_gone_leaves_events_behind() -> None:
    renamed = replace(sold(), consumers=("desk.other",))
    (warned,) = [
        finding
        for finding in event_changes.findings(declared(renamed), locked(sold()))
        if finding.code == "contract.consumer"
    ]
    assert warned.weight is Weight.WARNING
    assert warned.what.startswith("desk.v1 consumes it in a stage")
    newer = sold(version=2, reads=frozenset({1}), consumers=("desk.v1",))
    moved = event_changes.findings(declared(replace(sold(), consumers=()), newer), locked(sold()))
    assert "contract.consumer" not in codes(moved)
    assert "contract.consumer" not in codes(
        event_changes.findings(declared(renamed), locked(sold(), stage=""))
    )
