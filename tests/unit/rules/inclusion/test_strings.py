"""What is said of patterns and formats: only what is certain."""

import pytest

from oort.rules.inclusion import strings
from oort.rules.patterns import searches
from tests.unit.rules.inclusion.validators import validator


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("^a$", "a", True),
        ("^a$", "ab", False),
        ("^a$", "a\n", False),
        (".+", "\n", False),
        ("[^a]", "\n", True),
        (".", "\r", False),
        ("^(?:a+)+$", "a" * 30 + "b", False),
        ("(?=a)", "a", True),
        ("(?<=a)b", "ab", None),
        ("a*+", "a", None),
        ("(", "a", None),
        (r"\u{61}", "a", True),
        (r"^\d+\.\d$", "12.5", True),
        (r"^\d$", "٣", False),
    ],
)
def test_matches(pattern: str, text: str, expected: bool | None) -> None:
    assert strings.matches(pattern, text) is expected


@pytest.mark.parametrize(
    ("narrow", "wide", "expected"),
    [
        ("(?<=x)", "(?<=x)", True),
        ("(?<=x)", "x", False),
        (r"^[a-z]{2,8}$", r"^\w+$", True),
        ("^abc", "^ab", True),
        ("^ab*", "^ab", False),
        ("^abc*", "^ab", True),
        ("^ab|c", "^a", False),
        ("ab", "^a", False),
        ("^ab", "^a$", False),
        (r"^a\.b", r"^a\.", True),
        (r"^a\.?b", r"^a", True),
        (r"a{1,}\d", "(?:a)+[0-9]", True),
        (r"^(?:a){1,}\d{1}$", "^(a)+[0-9]$", True),
        ("[{1,}]", "[+]", False),
        ("", r"^\S*$", False),
        ("b", ".*$", True),
    ],
)
def test_implies(narrow: str, wide: str, expected: bool) -> None:
    assert strings.implies(narrow, wide) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("^a", "^b", True),
        ("^a", "^ab", False),
        ("^ab?", "^ac", False),
        ("^a|b", "^c", False),
        ("a", "^b", False),
        (r"^x-", r"^x\.", True),
        (r"^x\-", r"^x-", False),
    ],
)
def test_apart(one: str, other: str, expected: bool) -> None:
    assert strings.apart(one, other) is strings.apart(other, one) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("^ab$", ["ab"]),
        ("^(a|b)$", ["a", "b"]),
        (r"^x(?:\.|-)y$", ["x.y", "x-y"]),
        ("^a+$", []),
        ("^a", []),
        ("^(a|b)(c|d)$", []),
        ("^a|b$", []),
    ],
)
def test_spelt_out(pattern: str, expected: list[str]) -> None:
    assert strings.spelt_out(pattern) == expected


@pytest.mark.parametrize(
    "pattern", ["^a[0-9]+$", "^(?:a|b){2,}c?$", "x$", r"^\w+@\w+\.com$", "^[A-F]{8}$", "."]
)
def test_examples_match(pattern: str) -> None:
    found = list(strings.examples(pattern))
    assert found
    assert all(strings.matches(pattern, text) for text in found)


def test_there_are_no_examples_of_what_cannot_be_read() -> None:
    assert list(strings.examples("(?<=a)b")) == []
    assert list(strings.examples("^[é]$")) == ["é"]


@pytest.mark.unmeasured
def test_a_text_is_written_for_what_is_understood() -> None:
    assert strings.text(["^a", "(?<=a)b"], ["^a$", "(?<=a)b"]) == "aa"
    assert strings.text(["^a$"], ["a"]) is None
    assert strings.text(["(a|b)*a(a|b){18}$"], ["^(?:a|b)*$"]) is None


def test_no_text_is_written_where_the_search_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searches, "_STEPS", 20)
    assert strings.text(["(a|b)*a(a|b){4}$"], ["^(?:a|b)*$"]) is None


@pytest.mark.parametrize("name", sorted(strings.SAMPLES))
def test_formats(name: str) -> None:
    assert strings.conforms(name, strings.SAMPLES[name]) is True
    assert strings.conforms(name, "? é") is False
    assert strings.conforms(name, strings.SAMPLES[name] + "1") is not True
    assert strings.conforms("of our own", "?") is None
    if name != "decimal" and not name.endswith("-local"):  # others do not know these
        accepts = validator({"type": "string", "format": name}).is_valid
        assert accepts(strings.SAMPLES[name])
        assert not accepts("? é")
