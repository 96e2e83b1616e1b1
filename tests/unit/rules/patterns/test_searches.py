"""Questions about whole sets of texts, held against Python's engine where the two mean the same."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oort.rules.patterns import searches
from oort.rules.patterns.searches import Open, shortest
from tests.repeats import times
from tests.unit.rules.patterns.expressions import of_python, random_expression, random_texts

seeds = st.integers(0, 10**9).map(Random)


@pytest.mark.unmeasured
@settings(max_examples=times(1500))
@given(seeds)
def test_python_agrees_on_shortest_texts_and_on_inclusion(draw: Random) -> None:
    wanted, unwanted = random_expression(draw, 3), random_expression(draw, 3)
    least, most = draw.choice(((0, None), (2, None), (0, 3), (2, 5)))
    accepts, refuses = of_python(wanted).search, of_python(unwanted).search
    try:
        shown = shortest([wanted], [unwanted], least=least, most=most)
    except Open:
        return
    if shown is not None:
        assert accepts(shown)
        assert not refuses(shown)
        assert least <= len(shown) <= (9999 if most is None else most)
    for text in random_texts(draw):
        if least <= len(text) <= (9999 if most is None else most):
            fits = accepts(text) and not refuses(text)
            assert not fits or (shown is not None and len(shown) <= len(text)), (wanted, unwanted)


@pytest.mark.parametrize(
    ("wanted", "unwanted", "expected"),
    [
        ([], ["^a*$"], "b"),
        ([r"^\d+$"], ["^[0-9]+$"], None),
        (["^[0-9]+$"], [r"^\d+$"], None),
        (["^(free|pro)$"], ["^(free|pro|team)$"], None),
        (["^(free|pro|team)$"], ["^(free|pro)$"], "team"),
        ([], [r"^\S+$"], ""),
        (["."], [r"^\S+$"], " "),
        (["foo"], [r"\bfoo\b"], "afoo"),
        ([r"\bfoo\b"], ["foo"], None),
        ([r"^(?=.*\d)(?=.*[A-Z]).{3,}$"], [], "a0A"),
        ([r"^(?!.*--)[a-z-]+$"], [r"^[a-z-]+$"], None),
        ([r"^[a-z-]+$"], [r"^(?!.*--)[a-z-]+$"], "--"),
        ([r"^\p{Lu}\p{Letter}$"], [r"^[A-Z]"], "Àa"),
        ([r"^\s$"], [r"^[ \t\n\v\f\r\xa0\u2000-\u200a\u1680\u2028\u2029\u202f\u205f\u3000\ufeff]$"], None),
        (["^x{0,400}$"], ["^x*$"], None),
        (["^a", "b$"], [], "ab"),
        (["^a$", "^b$"], [], None),
        (["(?=a)b"], [], None),
        (["^(?=.*a)(?!.*a)"], [], None),
        (["^$"], [], ""),
        (["^(?:(?:a?)*)*$"], ["^a*$"], None),
    ],
)  # fmt: skip
def test_shortest(wanted: list[str], unwanted: list[str], expected: str | None) -> None:
    assert shortest(wanted, unwanted) == expected


@pytest.mark.parametrize(
    ("least", "most", "expected"),
    [(0, None, "a.a"), (6, 6, "aaaa.a"), (0, 2, None), (5, 4, None)],
)
def test_lengths_are_kept(least: int, most: int | None, expected: str | None) -> None:
    assert shortest([r"^[a-z]+\.[a-z]{1,3}$"], least=least, most=most) == expected


def test_characters_count_and_not_their_halves() -> None:
    assert searches.matches("^.$", "😀") is True
    assert shortest(["^[\U0001f600-\U0001f64f]$"]) == "😀"


def test_a_search_that_is_too_large_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searches, "_STEPS", 20)
    with pytest.raises(Open, match=r"The search is too large\."):
        shortest(["(a|b)*a(a|b){4}$"], ["^(?:a|b)*$"])


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    "pattern",
    ["(?<=a)b", r"(a)\1", "a{7000}", "(a|b)*a(a|b){14}$", "(?:" * 400 + "a" + ")*" * 400],
)
def test_the_answer_may_be_open(pattern: str) -> None:
    with pytest.raises(Open):
        shortest([pattern], ["^(?:a|b)*$"])
