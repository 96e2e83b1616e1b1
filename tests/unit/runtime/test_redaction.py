"""Secret values in texts, in their several forms."""

import json

import pytest

from oort.runtime.redaction import Redactor


@pytest.fixture
def known() -> Redactor:
    return Redactor()


@pytest.mark.parametrize(
    "value", ["sk_live_1", "quo'te\"s", "back\\slash", "two\nlines", "æøå-ключ"]
)
def test_a_value_is_found_as_it_is_as_repr_and_as_json(known: Redactor, value: str) -> None:
    known.remember(value)
    for shown in (value, repr(value)[1:-1], json.dumps(value)[1:-1], f"{ValueError(value)}"):
        assert known.text(f"<{shown}>") == "<***>"


def test_each_string_of_a_json_value_is_found(known: Redactor) -> None:
    known.remember(
        json.dumps({"user": "adam", "keys": ["first-key", {"deep": "second-key"}], "n": 7})
    )
    text = known.text("adam has first-key and second-key, no user and 7")
    assert text == "*** has *** and ***, no user and 7"


def test_the_longest_value_goes_first(known: Redactor) -> None:
    for value in ("secret", "secret-and-more"):
        known.remember(value)
    assert known.text("secret-and-more") == "***"


def test_values_shorter_than_four_characters_stay(known: Redactor) -> None:
    known.remember("abc")
    assert known.text("abc") == "abc"


def test_what_is_no_json_after_all_is_a_plain_text(known: Redactor) -> None:
    known.remember("{not json")
    assert known.text("a {not json b") == "a *** b"


def test_a_document_is_searched_to_its_leaves(known: Redactor) -> None:
    document = {"a": ["x-secret", {"b-secret": ("secret", 1)}], "n": 1.5, "none": None}
    assert known.document(document) is document  # nothing is known: nothing is copied
    known.remember("secret")
    assert known.document(document) == {
        "a": ["x-***", {"b-***": ["***", 1]}], "n": 1.5, "none": None
    }  # fmt: skip


def test_old_values_go_as_new_ones_come(known: Redactor) -> None:
    for number in range(1_500):
        known.remember(f"value-{number:04}")
    assert known.text("value-0000 value-1499") == "value-0000 ***"


def test_what_is_known_costs_nothing_to_remember_again(known: Redactor) -> None:
    known.remember("sk_live_1")
    before = known._texts
    known.remember("sk_live_1")
    assert known._texts is before
