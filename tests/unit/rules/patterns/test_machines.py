"""An automaton reads texts, and Python's engine agrees where the two languages mean the same."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oort.rules.patterns import searches
from tests.repeats import times
from tests.unit.rules.patterns.expressions import of_python, random_expression, random_texts

seeds = st.integers(0, 10**9).map(Random)


@pytest.mark.unmeasured
@settings(max_examples=times(1500))
@given(seeds)
def test_python_agrees_on_each_text(draw: Random) -> None:
    expression = random_expression(draw)
    search = of_python(expression).search
    for text in random_texts(draw):
        assert searches.matches(expression, text) is (search(text) is not None), (expression, text)


def test_a_text_is_read_in_a_straight_line() -> None:
    """An engine that goes back would need hours."""
    assert searches.matches("^(?:a+)+$", "a" * 3000 + "b") is False
    assert searches.matches("(?<=a)b", "ab") is None


def test_what_must_not_be_absent_is_there() -> None:
    assert searches.matches("^(?!(?!a*b))a", "aab") is True
    assert searches.matches("^(?!(?!a*b))a", "aac") is False


def test_no_edge_is_also_in_an_empty_text() -> None:
    """Python until 3.13 says no."""
    assert searches.matches(r"\B", "") is True
    assert searches.matches(r"a\Bb", "ab") is True
