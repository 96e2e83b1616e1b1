"""The patterns of users: what is exported means what is enforced, and never more than msgspec's own reading."""

import re
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oort.rules.patterns import dialect, foreign, searches
from tests.repeats import times

# Where Python and ECMAScript differ.
LETTERS = "ab1. \n\r\t\x1c\x85\ufeff\u2028٣é_"
_PARTS = (r"\d", r"\w", r"\s", r"\S", ".", r"[a\s]", r"[^a\s]", r"[\w.]", "[^b]", "^", "$")
_MORE = (r"\Z", r"\A", "$", ".", "a", "b", r"\.", "_", r"(?:a|b)", r"[^\n]", r"[0-9]")


def random_pattern(draw: Random, depth: int = 4) -> str:
    if not depth or draw.random() < 0.2:
        return draw.choice(_PARTS + _MORE)
    inner = "".join(random_pattern(draw, depth - 1) for _ in range(draw.randrange(1, 4)))
    form = draw.choice(
        ("{}", "{}", "({})*", "(?:{})?", "({}){{2}}", "(?={})", "(?!{})", "(?:{}|b)")
    )
    return form.format(inner)


@pytest.mark.unmeasured
@settings(max_examples=times(2000))
@given(st.integers(0, 10**9).map(Random))
def test_what_is_exported_is_what_is_enforced(draw: Random) -> None:
    pattern = random_pattern(draw)
    if foreign.problem(pattern)[0]:
        return
    exported, expression = dialect.translated(pattern).exported, dialect.compiled(pattern)
    plain = pattern.replace(r"\Z", "$").replace(r"\A", "^")
    for _ in range(30):
        text = "".join(draw.choices(LETTERS, k=draw.randrange(6)))
        by_msgspec = re.search(pattern, text) is not None
        enforced = by_msgspec if expression is None else expression.search(text) is not None
        assert searches.matches(exported, text) is enforced, (pattern, text)
        assert by_msgspec or not enforced
        assert searches.matches(plain, text) or not enforced


@pytest.mark.parametrize(
    ("pattern", "exported", "differs"),
    [
        ("^[A-Z]{2}$", "^[A-Z]{2}$", True),
        (r"\A[A-Z]{2}\Z", "^[A-Z]{2}$", False),
        ("^[a-z]+", "^[a-z]+", False),
        (r"^\d\w", r"^\d\w", True),
        (r"^[\d.]", r"^[\d.]", True),
        (r"^[$.]\.\$", r"^[$.]\.\$", False),
        (".+@", ".+@", True),
        (r"^[^@\s]", r"^[^@\s\x1c-\x1f\x85]", True),
        (r"\S", r"[^\s\x1c-\x1f\x85]", True),
        (r"(?!.a$)b(.)", r"(?![^\n]a(?=\n?$))b(.)", True),
    ],
)
def test_translation(pattern: str, exported: str, differs: bool) -> None:
    assert dialect.translated(pattern).exported == exported
    assert (dialect.compiled(pattern) is not None) is differs
    assert foreign.problem(pattern) == ("", "")


@pytest.mark.parametrize(
    ("pattern", "problem", "instead"),
    [
        (r"\bfoo", r"\b has another meaning", "Write the characters that may stand there"),
        (r"a\B", r"\B has another meaning", "Write the characters that may stand there"),
        (r"^\D$", r"\D stands for all scripts", "Write [^0-9]."),
        (r"^\W$", r"\W stands for all scripts", "Write [^0-9A-Za-z_]."),
        (r"[^\d]", r"\d stands for all scripts", "Write 0-9."),
        (r"(?!\w)", r"\w stands for all scripts", "Write [0-9A-Za-z_]."),
        (r"(?![\w])", r"\w stands for all scripts", "Write 0-9A-Za-z_."),
        (r"[\S]", r"\S inside a class", "Write the characters themselves."),
        (r"[\D]", r"\D inside a class", "Write the characters themselves."),
        ("(?P<a>b)", "does not know a group with flags", "names of groups have no use here"),
        ("(?i)a", "does not know a group with flags", "Write both cases"),
        ("(?<=a)b", "does not know a group with flags or a look back", "in front"),
        ("(?<!a)b", "does not know a group with flags or a look back", "in front"),
        ("a*+", "does not know a repeated repetition", "Use literals"),
        ("[]a]", "does not know an unexpected ]", "Use literals"),
        ("a{", "does not know a brace", r"write \{ for a brace"),
        ("(?:" * 900 + "a" + ")" * 900, "nested too deeply", "Use literals"),
    ],
)
def test_what_has_no_equal_meaning_is_refused(pattern: str, problem: str, instead: str) -> None:
    what, advice = foreign.problem(pattern)
    assert problem in what
    assert instead in advice
    if problem.startswith("\\"):
        assert dialect.translated(pattern) == dialect.Dialect(pattern, None)
