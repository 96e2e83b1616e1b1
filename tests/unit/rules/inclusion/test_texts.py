"""What is said of patterns and formats: only what is certain."""

import pytest

from oort.rules.inclusion import texts


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("^a$", "a", True),
        ("^a$", "ab", False),
        ("^a$", "a\n", None),  # Python and ECMAScript differ about the end
        ("a", "a" * 300, None),
        ("^(?:a+)+$", "a" * 30 + "b", None),  # it would take hours
        ("(?=a)", "a", None),
        ("a*+", "a", None),
        ("(", "a", None),
        ("a" * 300, "a", None),
        (r"\u{61}", "a", None),
        (r"^\d+\.\d$", "12.5", True),
        (r"^\d$", "٣", False),
    ],
)
def test_matches(pattern: str, text: str, expected: bool | None) -> None:
    assert texts.matches(pattern, text) is expected


@pytest.mark.parametrize(
    ("narrow", "wide", "expected"),
    [
        ("(?=x)", "(?=x)", True),
        ("^abc", "^ab", True),
        ("^ab*", "^ab", False),
        ("^abc*", "^ab", True),
        ("^ab|c", "^a", False),
        ("ab", "^a", False),
        ("^ab", "^a$", False),
        (r"^a\.b", r"^a\.", True),
    ],
)
def test_implies(narrow: str, wide: str, expected: bool) -> None:
    assert texts.implies(narrow, wide) is expected


@pytest.mark.parametrize(
    ("pattern", "least", "most"),
    [
        ("^a{2,3}b?$", 2, 4),
        ("^a+$", 1, None),
        ("^(?:ab|c)d$", 2, None),
        ("a", 1, None),
        ("^a|bc$", 1, None),
        (r"^[0-9]{4}-\d\d$", 7, 7),
        ("(?=a)", 0, None),
        ("^a{2,}$", 2, None),
    ],
)
def test_lengths(pattern: str, least: int, most: int | None) -> None:
    assert texts.lengths(pattern) == (least, most)


@pytest.mark.parametrize("pattern", ["^a[0-9]+$", "^(?:a|b){2,}c?$", "x$", r"^\w+@\w+\.com$", "^[A-F]{8}$", "."])
def test_examples_match(pattern: str) -> None:
    found = texts.examples(pattern)
    assert found
    assert all(texts.matches(pattern, text) for text in found)


def test_there_are_no_examples_of_what_cannot_be_read() -> None:
    assert texts.examples("(?=a)") == []
    assert texts.examples("^[é]$") == []


@pytest.mark.parametrize("name", sorted(texts.SAMPLES))
def test_formats(name: str) -> None:
    assert texts.conforms(name, texts.SAMPLES[name]) is True
    assert texts.conforms(name, "?") is False
    assert texts.conforms(name, texts.SAMPLES[name] + "1") is not True
    assert texts.conforms("of our own", "?") is None
