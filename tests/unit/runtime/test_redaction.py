"""Secret values in texts, in their several forms."""

import json
import traceback

import pytest

from oort.model.problems import Json
from oort.runtime import redaction
from oort.runtime.redaction import Redactor


@pytest.fixture
def known() -> Redactor:
    return Redactor()


@pytest.mark.parametrize(
    "value", ["sk_live_1", "quo'te\"s", "back\\slash", "two\nlines", "æøå-ключ"]
)
def test_a_value_is_found_as_it_is_as_repr_and_as_json(known: Redactor, value: str) -> None:
    known.remember("shop.key", value)
    for shown in (value, repr(value)[1:-1], json.dumps(value)[1:-1], f"{ValueError(value)}"):
        assert known.text(f"<{shown}>") == "<***>"


def test_each_string_of_a_json_value_is_found(known: Redactor) -> None:
    known.remember(
        "shop.key",
        json.dumps({"user": "adam", "keys": ["first-key", {"deep": "second-key"}], "n": 7}),
    )
    text = known.text("adam has first-key and second-key, no user and 7")
    assert text == "*** has *** and ***, no user and 7"


def test_the_longest_value_goes_first(known: Redactor) -> None:
    for value in ("secret", "secret-and-more"):
        known.remember("shop.key", value)
    assert known.text("secret-and-more") == "***"


def test_values_shorter_than_four_characters_stay(known: Redactor) -> None:
    known.remember("shop.key", "abc")
    assert known.text("abc") == "abc"


def test_what_is_no_json_after_all_is_a_plain_text(known: Redactor) -> None:
    known.remember("shop.key", "{not json")
    assert known.text("a {not json b") == "a *** b"


def test_a_document_is_searched_to_its_leaves(known: Redactor) -> None:
    document = {"a": ["x-secret", {"b-secret": ("secret", 1)}], "n": 1.5, "none": None}
    assert known.document(document) is document  # nothing is known: nothing is copied
    known.remember("shop.key", "secret")
    assert known.document(document) == {
        "a": ["x-***", {"b-***": ["***", 1]}], "n": 1.5, "none": None
    }  # fmt: skip


def test_old_values_of_a_secret_go_as_new_ones_come(known: Redactor) -> None:
    for number in range(10):
        known.remember("shop.key", f"value-{number:04}")
    assert known.text("value-0000 value-0008 value-0009") == "value-0000 *** ***"


def test_a_secret_with_many_strings_does_not_push_out_another(known: Redactor) -> None:
    known.remember("shop.key", "sk_live_1234")
    known.remember("shop.many", json.dumps([f"item-{number}-secret" for number in range(1_500)]))
    assert known.text("sk_live_1234 item-1499-secret item-0-secret") == "*** *** ***"


@pytest.mark.parametrize("value", ["it's-my-password", "S3cr(et'\\-\u00fc\n2nd"])
def test_a_value_is_found_inside_of_other_representations(known: Redactor, value: str) -> None:
    """`repr` chooses its quotes by the text around the value, and escapes again what is escaped."""
    known.remember("shop.key", value)
    around = f'no account "{value}"'
    for shown in (repr(around), repr([repr(around)]), ascii(around), repr(value.encode())):
        text = known.text(shown)
        assert "***" in text
        assert "password" not in text
        assert "S3cr" not in text


def test_each_line_of_a_value_is_found(known: Redactor) -> None:
    """The traceback of an ExceptionGroup puts a mark in front of each line."""
    known.remember("shop.key", "-----BEGIN KEY-----\nMIIEvQIBADANBg\n-----END KEY-----")
    group = ExceptionGroup(
        "g", [ValueError("-----BEGIN KEY-----\nMIIEvQIBADANBg\n-----END KEY-----")]
    )
    assert "MIIEvQIBADANBg" not in known.text("".join(traceback.format_exception(group)))


def test_a_problem_keeps_its_type_and_title(
    known: Redactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redaction, "KNOWN", known)
    known.remember("shop.key", "internal-error")
    document: dict[str, Json] = {
        "type": "urn:problem:internal-error", "title": "internal-error", "detail": "internal-error"
    }  # fmt: skip
    assert redaction.problem(document) == {**document, "detail": "***"}


def test_what_is_known_costs_nothing_to_remember_again(known: Redactor) -> None:
    known.remember("shop.key", "sk_live_1")
    before = known._texts
    known.remember("shop.key", "sk_live_1")
    assert known._texts is before
