"""The words of the source stay plain: each figure has a ceiling. Lower a ceiling when the figure falls."""

from functools import cache

import pytest

from tests.architecture import plain_words
from tests.architecture.plain_words import Figures
from tests.architecture.source_tree import oort_modules

# Percent of docstrings, per 1,000 words of docstrings, percent of bindings, percent of lines.
CEILINGS = {"openings": 1.0, "indefinite": 15.0, "names": 0.5, "lines": 0.5}
WORST = 12


@cache
def by_module() -> dict[str, Figures]:
    return {str(module): plain_words.figures(module.text) for module in oort_modules()}


def worst(figure: str) -> str:
    counts = {name: len(getattr(figures, figure).places) for name, figures in by_module().items()}
    most = sorted(counts, key=lambda name: -counts[name])[:WORST]
    return "\n".join(f"{counts[name]:4} {name}" for name in most)


@pytest.mark.parametrize("figure", CEILINGS)
def test_a_figure_is_at_its_ceiling(figure: str) -> None:
    share = plain_words.together(by_module().values()).shares()[figure]
    assert share <= CEILINGS[figure], f"{figure}: use plain words in\n{worst(figure)}"


UNCLEAR = f"""
def read(one: int) -> None:
    '''What it gives to those who ask.'''
    for found in [one]:
        print(found, {"1" * 100})
"""
CLEAR = """
def read(count: int) -> None:
    '''Print the count.'''
    print(count)
"""


def test_unclear_words_are_counted() -> None:
    shares = plain_words.figures(UNCLEAR).shares()
    assert shares == {"openings": 100, "indefinite": 4000 / 7, "names": 100, "lines": 100 / 5}


def test_plain_words_are_not_counted() -> None:
    assert set(plain_words.figures(CLEAR).shares().values()) == {0}
