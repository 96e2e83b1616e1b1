"""What is understood of an expression, and what is not."""

import pytest

from oort.rules.patterns import searches
from oort.rules.patterns.parsing import Unreadable, parsed


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("(", "a group without an end"),
        ("(a", "a group without an end"),
        ("a)", "an unexpected )"),
        ("a]", "an unexpected ]"),
        ("*", "an unexpected *"),
        ("[a", "an end within"),
        ("a\\", "an end within"),
        ("a**", "a repeated repetition"),
        ("a*+", "a repeated repetition"),
        ("^*", "a repeated condition"),
        ("(?=a)*", "a repeated condition"),
        ("a{", "a brace"),
        ("a{2,1}", "a brace"),
        ("a{99999}", "a brace"),
        ("(?i)a", "a group with flags or a look back"),
        ("(?<=a)b", "a group with flags or a look back"),
        ("(?<!a)b", "a group with flags or a look back"),
        ("(?P<n>a)", "a group with flags"),
        ("(?<1>a)", "a group with a wrong name"),
        ("(?<n", "a group with a wrong name"),
        (r"(a)\1", r"the escape \1"),
        (r"\A", r"the escape \A"),
        (r"\Z", r"the escape \Z"),
        (r"\01", r"the escape \0"),
        (r"\xg1", r"the escape \x"),
        (r"\x1", r"the escape \x"),
        (r"\u{110000}", "half of a character"),
        (r"\ud800", "half of a character"),
        (r"\pL", r"the escape \p"),
        (r"\p{Script=Greek}", "the property Script=Greek"),
        (r"\p{Qq}", "the property Qq"),
        (r"[a-\d]", "a range without two ends"),
        ("[b-a]", "a range without two ends"),
        (r"\c1", r"the escape \c"),
    ],
)
def test_what_is_not_understood(pattern: str, problem: str) -> None:
    with pytest.raises(Unreadable) as raised:
        parsed(pattern)
    assert problem in str(raised.value)


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        (r"^\x20\u0041\u{1F600}$", " A😀", " A"),
        (r"^[\b\t\cA\0]{4}$", "\b\t\x01\0", "btcA"),
        (r"^\/\-\_\.\$$", "/-_.$", "x"),
        (r"^[^]$", "\n", ""),
        (r"^[]$", None, ""),
        (r"^[a-c-]+$", "a-c", "d"),
        (r"^[\w-]+$", "a-b", "a b"),
        (r"^[$.|(^]+$", "$.|(^", "a"),
        (r"^(?<year>\d{4})$", "2026", "26"),
        (r"^(?:a|)$", "", "b"),
        (r"^\S\W\D$", "a- ", "a-1"),
        (r"^\P{L}\p{gc=Nd}\p{General_Category=Uppercase_Letter}$", "-1A", "a1A"),
        (r"^.$", "\x85", "\u2028"),
        (r"^\d$", "1", "٣"),
        (r"^\w$", "_", "é"),
        (r"^\s$", "\ufeff", "\x1c"),
        (r"^a$", "a", "a\n"),
        (r"^a{0}$", "", "a"),
    ],
)
def test_what_is_understood(pattern: str, matching: str | None, other: str) -> None:
    if matching is not None:
        assert searches.matches(pattern, matching) is True
    assert searches.matches(pattern, other) is False
