"""Changes of tables, queues and calls: what would misread stored items, waiting messages or the other side."""

from collections.abc import Mapping
from dataclasses import replace

import msgspec
import pytest

from oort.model.contracts import DeclaredContracts, DeclaredData, Finding, Locks, Schemas, Weight
from oort.model.errors import Source
from oort.model.resources import Kind
from oort.rules.contracts import data_changes, locks, revisions
from oort.rules.events import event_schemas
from oort.rules.types import reading


class Item(msgspec.Struct):
    id: str
    n: int


class More(msgspec.Struct):
    id: str
    n: int
    note: str = ""


class Needs(msgspec.Struct):
    id: str
    n: int
    note: str


class Text(msgspec.Struct):
    id: str
    n: str


class Wide(msgspec.Struct):
    id: str
    n: int | str


class Renamed(msgspec.Struct):
    id: str
    n: int
    remark: str = ""


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    n: int


class Defaulted(msgspec.Struct):
    id: str
    n: int
    note: str = "none"


def schemas(kind: object) -> Schemas:
    return Schemas(*event_schemas.both(kind, keep_closed=reading.closed(kind)))


def data(
    kind: object = Item,
    *older: object,
    of: Kind = Kind.TABLE,
    key: Mapping[str, str] = {"id": "text"},
    part: str = "item",
) -> DeclaredData:
    """The table, queue or call, with the types before its upgrades."""
    return DeclaredData(
        kind=of,
        name="shop.things",
        service="shop",
        form=revisions.form(
            revision=len(older) + 1,
            key=key if of is Kind.TABLE else {},
            parts={part: schemas(kind)},
        ),
        source=Source("shop.py", 1),
        older={number: {part: schemas(old)} for number, old in enumerate(older, 1)},
        users=("shop.read",),
    )


def found(now: DeclaredData, *published: DeclaredData, stage: str = "prod") -> list[Finding]:
    """The findings after these were locked and published, one after the other."""
    lock = None
    for each in published:
        lock = locks.data(each, lock, stage=stage)
    held = {} if lock is None else {(lock.kind, lock.name): lock}
    declared = DeclaredContracts(data={(now.kind, now.name): now})
    return list(data_changes.findings(declared, Locks(data=held)))


def codes(findings: list[Finding]) -> list[str]:
    return [finding.code for finding in findings]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (Item, Item, []),
        (Item, More, ["data.outdated"]),
        (Item, Needs, ["data.breaking"]),
        (Item, Text, ["data.breaking", "data.breaking"]),
        (Item, Wide, ["data.breaking"]),
        (More, Item, ["data.field-gone", "data.outdated"]),
        (More, Renamed, ["data.field-gone", "data.outdated"]),
        (More, Defaulted, ["data.default", "data.outdated"]),
        (Needs, Item, ["data.breaking"]),
        (Strict, More, ["data.breaking"]),
        (More, Strict, ["data.breaking"]),
    ],
)
@pytest.mark.parametrize("of", [Kind.TABLE, Kind.QUEUE, Kind.CALL])
def test_each_program_must_read_what_the_other_writes(
    before: object, now: object, expected: list[str], of: Kind
) -> None:
    findings = found(data(now, of=of), data(before, of=of))
    assert sorted(codes(findings)) == sorted(expected)
    for finding in findings:
        assert finding.weight is not Weight.OBJECTION or finding.witness is not None
        assert (finding.subject, finding.kind) == ("shop.things", of)


def test_an_objection_shows_the_stored_item_that_is_refused() -> None:
    (finding,) = found(data(Needs), data(Item))
    assert finding.pointer == "/note"
    assert finding.witness == ({"id": "", "n": 0},)
    assert finding.consumers == ("shop.read",)
    assert "upgrades=[…]" in finding.instead


def test_every_published_form_is_judged_not_only_the_last() -> None:
    assert "data.breaking" in codes(found(data(Needs), data(Item), data(More)))
    lock = locks.data(data(More), locks.data(data(Item), None, stage="prod"))
    assert [form.hash for form in lock.earlier] == [data(Item).form.hash]


def test_drafts_change_freely() -> None:
    assert codes(found(data(Text), data(Item), stage="")) == ["data.draft"]
    assert codes(found(data(Item))) == ["data.unlocked"]


def test_an_upgrade_is_the_way_through() -> None:
    assert codes(found(data(Text, Item), data(Item))) == ["data.ahead", "data.outdated"]
    assert codes(found(data(Needs, More, Text), data(More), data(Text, More))) == [
        "data.ahead",
        "data.outdated",
    ]


def test_the_type_before_an_upgrade_must_read_what_was_published() -> None:
    assert codes(found(data(Text, Needs), data(Item))) == ["data.breaking", "data.ahead"]


def test_a_published_upgrade_cannot_be_taken_back() -> None:
    assert codes(found(data(Item), data(Text, Item))) == ["data.revision"]


def test_a_change_after_an_upgrade_is_judged_against_each_revision() -> None:
    published = data(Item), data(More, Item)
    assert codes(found(data(More, Item), *published)) == []
    # A note is always written, but an update may have removed it.
    assert "data.breaking" in codes(found(data(Needs, Item), *published))
    assert "data.breaking" in codes(found(data(Text, Item), *published))
    assert "data.breaking" in codes(found(data(More, Text), *published))


@pytest.mark.parametrize(
    "key", [{"n": "number"}, {"id": "text", "n": "number"}, {"id": "number"}, {"n": "text"}]
)
def test_another_key_is_refused(key: dict[str, str]) -> None:
    (finding,) = found(data(key=key), data())
    assert finding.code == "data.key"
    assert "id (text)" in finding.what


def test_the_order_of_a_key_matters() -> None:
    key = {"id": "text", "n": "number"}
    turned = {"n": "number", "id": "text"}
    assert codes(found(data(key=turned), data(key=key))) == ["data.key"]


@pytest.mark.parametrize("of", [Kind.TABLE, Kind.QUEUE, Kind.CALL])
def test_what_is_published_and_gone_is_an_objection(of: Kind) -> None:
    lock = locks.data(data(of=of), None, stage="prod")
    gone = Locks(data={(lock.kind, lock.name): lock})
    (finding,) = data_changes.findings(DeclaredContracts(), gone)
    assert (finding.code, finding.weight) == ("data.gone", Weight.OBJECTION)
    assert "oort contracts accept shop.things" in finding.instead
    draft = Locks(data={(lock.kind, lock.name): replace(lock, published=())})
    (note,) = data_changes.findings(DeclaredContracts(), draft)
    assert (note.code, note.weight) == ("data.left", Weight.NOTE)


class Required(msgspec.Struct):
    id: str
    n: int
    note: str


class Mapped(msgspec.Struct):
    id: str
    counts: dict[str, int] = {}


class Listed(msgspec.Struct, frozen=True):
    a: int = 0


class Closer(msgspec.Struct):
    id: str
    counts: Listed = Listed()


class Tupled(msgspec.Struct):
    id: str
    pair: tuple[int, int] = (1, 2)
    names: frozenset[str] = frozenset({"a", "b", "c", "d", "e", "f"})
    odd: float = float("nan")


def test_an_update_may_have_removed_a_field_that_becomes_required() -> None:
    assert codes(found(data(Required), data(More)))[0] == "data.breaking"
    assert codes(found(data(Required, of=Kind.QUEUE), data(More, of=Kind.QUEUE))) == [
        "data.outdated"
    ]


def test_names_of_a_dict_that_are_listed_no_more_are_told() -> None:
    told = [(each.code, each.pointer) for each in found(data(Closer), data(Mapped))]
    assert ("data.field-gone", "/counts/*") in told


def test_the_old_type_of_an_upgrade_keeps_its_fields() -> None:
    assert "data.field-gone" in codes(found(data(Text, Item), data(More)))


def test_another_key_hides_no_other_change() -> None:
    both = found(data(Text, key={"n": "text"}), data(Item))
    assert {"data.key", "data.breaking"} <= set(codes(both))


def test_a_default_has_one_form_in_every_process() -> None:
    schema = data(Tupled).form.parts["item"].reader["$defs"]
    fields = schema["Tupled"]["properties"]  # type: ignore[index,call-overload]
    assert fields["pair"]["default"] == [1, 2]  # type: ignore[index,call-overload]
    assert fields["names"]["default"] == ["a", "b", "c", "d", "e", "f"]  # type: ignore[index,call-overload]
    assert "default" not in fields["odd"]  # type: ignore[index,operator,call-overload]


class Point(msgspec.Struct, array_like=True):
    x: int
    y: int


class Turned(msgspec.Struct, array_like=True):
    y: int
    x: int


def test_fields_by_position_keep_their_order() -> None:
    for of in (Kind.TABLE, Kind.QUEUE, Kind.CALL):
        found_ = found(data(Turned, of=of), data(Point, of=of))
        assert [(each.code, each.name) for each in found_] == [
            ("data.position", "x"),
            ("data.position", "y"),
        ]


def test_another_docstring_is_no_form_of_its_own() -> None:
    said = msgspec.defstruct("Item", [("id", str), ("n", int)], namespace={"__doc__": "A thing."})
    lock = locks.data(data(said), locks.data(data(Item), None, stage="prod"))
    assert lock.earlier == ()
    assert codes(found(data(said), data(Item))) == ["data.outdated"]


def test_what_cannot_be_decided_is_refused() -> None:
    part = schemas(Item)
    odd = Schemas(part.writer, {**part.reader, "unevaluatedProperties": {"type": "integer"}})
    form = revisions.form(revision=1, key={"id": "text"}, parts={"item": odd})
    (unknown,) = found(replace(data(Item), form=form), data(Item))
    assert (unknown.code, unknown.witness) == ("data.unknown", None)
    assert unknown.instead.startswith("Use simpler types, or write an upgrade")


def test_the_same_objection_to_several_forms_is_told_once() -> None:
    twice = codes(found(data(Text), data(Item), data(More)))
    assert twice.count("data.breaking") == 2


def test_a_part_that_only_the_lock_knows_is_left() -> None:
    table = data(Item)
    extra = revisions.form(
        revision=1, key=table.form.key, parts={**table.form.parts, "more": schemas(Item)}
    )
    lock = replace(locks.data(table, None, stage="prod"), form=extra)
    held = Locks(data={(lock.kind, lock.name): lock})
    declared = DeclaredContracts(data={(table.kind, table.name): table})
    assert codes(list(data_changes.findings(declared, held))) == ["data.outdated"]


class Cents(msgspec.Struct):
    id: str
    cents: int


class Currency(msgspec.Struct):
    id: str
    currency: str


class Coloured(msgspec.Struct):
    id: str
    n: int
    colour: str = ""


@pytest.mark.parametrize("of", [Kind.TABLE, Kind.QUEUE])
def test_a_revision_that_two_branches_made_is_named(of: Kind) -> None:
    published = data(Item, of=of), data(Cents, Item, of=of)
    first, *proofs = found(data(Currency, Item, of=of), *published)
    assert (first.code, first.weight) == ("data.same-revision", Weight.OBJECTION)
    assert "Revision 2 has another type in contracts/shop/" in first.what
    assert "its upgrade is number 1 in upgrades=[…]" in first.instead
    assert "Make the other revision 3" in first.instead
    assert {each.code for each in proofs} >= {"data.breaking"}
    # The other way is named too: this program has both upgrades, in the wrong order.
    turned = found(data(Cents, Item, Currency, of=of), *published)
    assert turned[0].code == "data.same-revision"
    right = found(data(Currency, Item, Cents, of=of), *published)
    assert codes(right) == ["data.ahead", "data.outdated"]


def test_a_revision_of_two_branches_without_a_proof_is_a_warning() -> None:
    first, *_ = found(data(Coloured, Wide), data(Wide), data(More, Wide))
    assert (first.code, first.weight) == ("data.same-revision", Weight.WARNING)
    assert "data.same-revision" not in codes(found(data(Item, Wide), data(More, Wide)))
    assert "data.same-revision" not in codes(found(data(Coloured), data(More)))
