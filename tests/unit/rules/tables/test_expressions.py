"""What stands in DynamoDB's expressions means what `rules.conditions` does; found by carrying both out."""

import math
import re
from decimal import Decimal

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from oort.model.errors import InvalidUse, InvalidValue
from oort.model.items import (
    AddTo,
    All,
    AppendTo,
    Between,
    Bounds,
    Change,
    Condition,
    Equals,
    Item,
    KeyPart,
    Path,
    Remove,
    SetTo,
    Value,
)  # fmt: skip
from oort.model.resources import IndexModel
from oort.rules.tables import attributes, conditions, expressions
from tests.unit.rules import strategies
from tests.unit.rules.dynamodb_language import Invalid, Language, same

NONE: frozenset[str] = frozenset()
PRECISE = Decimal(f"-1.{'0' * 36}1")
BY_RANK = IndexModel("by_rank", "owner", "rank", primary=False)

small: st.SearchStrategy[Value] = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "a", "1.50", PRECISE]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3)
    ),
    max_leaves=8,
)
filled: st.SearchStrategy[Item] = st.dictionaries(st.sampled_from("abcd"), small, max_size=4)
items = filled.map(lambda found: {"id": "x", **found})
paths: st.SearchStrategy[Path] = st.lists(st.sampled_from("abcd"), min_size=1, max_size=2).map(
    tuple
)
near = st.integers(-5, 5) | st.sampled_from(["a", "b", "c", -0.5, 0.0, 2.5, PRECISE])
asked: st.SearchStrategy[Condition] = st.recursive(
    st.builds(Equals, paths, small, small) | st.builds(Between, paths, near, near),
    lambda inner: st.builds(All, st.lists(inner, max_size=3).map(tuple)),
    max_leaves=4,
)
some = st.none() | st.integers(-5, 5)
bounds = st.builds(Bounds, ge=some, gt=some, le=some, lt=some)
changes: st.SearchStrategy[tuple[Change, ...]] = st.lists(
    st.builds(SetTo, paths, small)
    | st.builds(
        AddTo, paths, st.integers(-5, 5) | st.just(PRECISE), st.none() | bounds, st.booleans()
    )
    | st.builds(AppendTo, paths, st.lists(small, max_size=2), st.none() | st.integers(2, 3))
    | st.builds(Remove, paths),
    max_size=3,
).map(tuple)


def meant(
    condition: expressions.Expression, item: Item | None, indexed: frozenset[str] = NONE
) -> bool:
    return Language(
        condition, {} if item is None else attributes.attributes(item, indexed=indexed)
    ).holds()


@given(asked | strategies.conditions, st.none() | items, st.sampled_from([NONE, frozenset("ab")]))
@example(Between(("a",), 1, "a"), {"id": "x", "a": 3}, NONE)
@example(Between(("a",), "a", 1), {"id": "x", "a": "b"}, NONE)
@example(Between(("a",), 3, 1), {"id": "x", "a": 2}, NONE)
@example(Equals(("a",), math.nan), {"id": "x", "a": 2.0}, NONE)
@example(Equals(("a",), None), {"id": "x", "a": None}, frozenset("a"))
@example(All(()), None, NONE)
def test_a_condition_means_the_same(
    condition: Condition, item: Item | None, indexed: frozenset[str]
) -> None:
    holds = conditions.holds(condition, item)
    assert meant(expressions.check(condition, key="id"), item, indexed) == holds
    assert meant(expressions.put(condition, key="id"), item, indexed) == holds
    assert meant(expressions.put(condition, key="id", if_absent=True), item, indexed) == (
        holds and item is None
    )
    assert meant(expressions.delete(condition, key="id"), item, indexed) == (
        holds and item is not None
    )
    assert meant(expressions.update((), condition, key="id"), item, indexed) == (
        holds and item is not None
    )


def test_without_a_condition_nothing_is_asked() -> None:
    for expression in (expressions.put(None, key="id"), expressions.delete(None, key="id")):
        assert (expression.condition, expression.names, expression.values) == ("", {}, {})


@given(st.tuples(asked, changes))
def test_every_word_is_used(drawn: tuple[Condition, tuple[Change, ...]]) -> None:
    """DynamoDB refuses names and values that no expression uses."""
    when, several = drawn
    for expression in (
        expressions.check(when, key="id"),
        expressions.put(when, key="id", if_absent=True),
        expressions.update(several, when, key="id", indexed=frozenset("ab")),
        expressions.creation({"id": "x", "a": None, "b": 1}, key=("id",), indexed=frozenset("a")),
        expressions.look(key="id"),
        expressions.claim(key="id", expires="expires", now=1),
        expressions.lease(key="id", holder="me", until=2.5, expires=9, now=1.5),
        expressions.window(BY_RANK, "ada", at_least=1, below=2),
    ):
        text = f"{expression.condition} {expression.update} {expression.key} "
        text = re.sub(r"\[\d+\]|[),]", " ", text)
        words = set(text.replace("(", " ").replace(".", " ").split())
        assert {
            word for word in words if word[0] in "#:"
        } == expression.names.keys() | expression.values.keys()


@given(items, changes, st.sampled_from([NONE, frozenset("ab")]))
@example({"id": "x", "a": 1}, (SetTo(("a",), None),), frozenset("a"))
@example({"id": "x", "a": "1.50"}, (AddTo(("a",), PRECISE, texts=True),), NONE)
def test_an_update_means_the_same(
    item: Item, several: tuple[Change, ...], indexed: frozenset[str]
) -> None:
    try:
        conditions.check_distinct(several)
    except InvalidUse:
        assume(False)
    stored = attributes.attributes(item, indexed=indexed)
    held = {
        change.path: value
        for change in several
        if isinstance(change, AddTo | AppendTo)
        and ((value := at(stored, change.path)) is None or is_number(value, change))
    }
    expression = expressions.update(several, None, key="id", indexed=indexed, held=held)
    try:
        expected = conditions.changed(item, several)
    except InvalidValue:
        assert not is_possible(expression, stored)
        return
    assert Language(expression, stored).holds()
    found = Language(expression, stored).updated()
    assert found.keys() == attributes.attributes(expected, indexed=indexed).keys()
    assert all(
        same(found[name], value)
        for name, value in attributes.attributes(expected, indexed=indexed).items()
    )


def test_a_sum_whose_missing_number_would_be_out_of_bounds_needs_the_number() -> None:
    expression = expressions.update((AddTo(("a",), 1, Bounds(gt=1)),), None, key="id")
    for item, fits in (({}, False), ({"a": 0}, False), ({"a": 1}, True), ({"a": "x"}, False)):
        assert (
            is_possible(expression, attributes.attributes({"id": "x", **item}, indexed=NONE))
            is fits
        )


def test_a_sum_whose_missing_number_would_be_within_bounds_needs_no_number() -> None:
    expression = expressions.update((AddTo(("a",), 1, Bounds(ge=1)),), None, key="id")
    for item, fits in (({}, True), ({"a": 0}, True), ({"a": -1}, False)):
        stored = attributes.attributes({"id": "x", **item}, indexed=NONE)
        assert is_possible(expression, stored) is fits


def is_possible(expression: expressions.Expression, stored: attributes.Attributes) -> bool:
    """True if DynamoDB would carry out the update."""
    try:
        Language(expression, stored).updated()
        return Language(expression, stored).holds()
    except Invalid:
        return False


def at(stored: attributes.Attributes, path: Path) -> str | None:
    """The null or the text at the path; an empty text for anything else."""
    here: Value = {name: attributes.value(value) for name, value in stored.items()}
    for name in path:
        if not isinstance(here, dict) or name not in here:
            return ""
        here = here[name]
    return here if here is None or isinstance(here, str) else ""


def is_number(text: str, change: Change) -> bool:
    """Whether the change adds to the Decimal that an earlier version stored as this text."""
    return isinstance(change, AddTo) and change.texts and text == "1.50"


def test_an_update_that_finds_no_null_where_it_expects_one_does_not_happen() -> None:
    expression = expressions.update((AddTo(("a",), 1),), None, key="id", held={("a",): None})
    assert meant(expression, {"id": "x", "a": None})
    assert not meant(expression, {"id": "x", "a": 1})


def test_an_update_of_an_old_text_does_not_happen_when_the_text_has_changed() -> None:
    change = AddTo(("a",), 1, texts=True)
    expression = expressions.update((change,), None, key="id", held={("a",): "1.50"})
    assert meant(expression, {"id": "x", "a": "1.50"})
    assert not meant(expression, {"id": "x", "a": "1.5"})
    assert not meant(expression, {"id": "x", "a": 1.5})
    updated = Language(expression, {"id": {"S": "x"}, "a": {"S": "1.50"}}).updated()
    assert updated == {"id": {"S": "x"}, "a": {"N": "2.5"}}


@given(filled, st.sampled_from([NONE, frozenset("ab")]))
def test_a_creation_makes_the_whole_item_and_only_where_there_is_none(
    found: Item, indexed: frozenset[str]
) -> None:
    item: Item = {"list": "l", "line": 1, **found}
    expression = expressions.creation(item, key=("list", "line"), indexed=indexed)
    key = attributes.attributes({"list": "l", "line": 1}, indexed=NONE)
    assert Language(expression, key).updated() == attributes.attributes(item, indexed=indexed)
    assert Language(expression, {}).holds()
    assert not Language(expression, key).holds()


@given(st.none() | items)
def test_a_look_never_writes(item: Item | None) -> None:
    assert not meant(expressions.look(key="id"), item)


@pytest.mark.parametrize(
    ("mark", "free"), [(None, True), ({"id": "m", "expires": 9}, True), ({"id": "m", "expires": 10}, True),
                       ({"id": "m", "expires": 11}, False)],
)  # fmt: skip
def test_a_mark_can_be_made_where_there_is_none_or_an_expired_one(
    mark: Item | None, free: bool
) -> None:
    assert meant(expressions.claim(key="id", expires="expires", now=10), mark) == free


LEASED: Item = {"id": "e", "holder": "other", "until": 10.5, "expires": 99}


@pytest.mark.parametrize(
    ("there", "free"),
    [
        (None, True),
        (LEASED, False),
        ({**LEASED, "until": 10.25}, True),
        ({**LEASED, "until": 10}, True),
        ({**LEASED, "holder": "me"}, True),
        ({**LEASED, "until": 0, "result": "1"}, False),
        ({**LEASED, "holder": "me", "result": "1"}, False),
        ({**LEASED, "expires": 10}, True),
        ({**LEASED, "expires": 10, "result": "1"}, True),
    ],
)
def test_a_lease_is_given_where_it_is_free(there: Item | None, free: bool) -> None:
    asked = expressions.lease(key="id", holder="me", until=70.25, expires=100, now=10.25)
    assert meant(asked, there) == free
    stored = attributes.attributes(there or {"id": "e"}, indexed=NONE)
    wanted: Item = {"id": "e", "holder": "me", "until": 70.25, "expires": 100}
    assert attributes.item(Language(asked, stored).updated()) == wanted


@pytest.mark.parametrize(
    ("edges", "text"),
    [
        ({}, "#0 = :0"),
        ({"at_least": 1}, "#0 = :0 AND #1 >= :1"),
        ({"below": 2}, "#0 = :0 AND #1 < :1"),
        ({"at_least": 1, "below": 2}, "#0 = :0 AND #1 BETWEEN :1 AND :2"),
    ],
)
def test_a_window_is_one_comparison(edges: dict[str, KeyPart], text: str) -> None:
    found = expressions.window(
        BY_RANK, "ada", at_least=edges.get("at_least"), below=edges.get("below")
    )
    assert found.key == text
    assert list(found.values.values()) == [
        {"S": "ada"},
        *({"N": str(edge)} for edge in edges.values()),
    ]


def test_a_window_by_prefix_and_one_without_a_sort_attribute() -> None:
    found = expressions.window(BY_RANK, "ada", starts_with="x")
    assert found.key == "#0 = :0 AND begins_with(#1, :1)"
    plain = IndexModel("by_tag", "tag", None, primary=False)
    assert expressions.window(plain, "t").key == "#0 = :0"


def test_a_request_has_no_empty_parameters_and_none_without_an_expression() -> None:
    asked = expressions.delete(Equals(("x",), 1), key="id")
    parameters = expressions.parameters(asked)
    assert parameters["ConditionExpression"] == asked.condition
    assert parameters.keys() == {
        "ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues"
    }  # fmt: skip
    assert expressions.parameters(expressions.Expression(names={"#0": "x"})) == {}
