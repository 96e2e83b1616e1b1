"""Every example in a docstring of the library runs. The command line and the engine have tests of their own instead."""

import doctest
import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import oort

ELSEWHERE = ("oort.cli", "oort.engine")


def modules() -> Iterator[str]:
    for found in pkgutil.walk_packages(oort.__path__, "oort.", onerror=lambda _: None):
        if not found.name.startswith(ELSEWHERE) and not found.name.endswith("__main__"):
            yield found.name


@pytest.mark.no_cover
@pytest.mark.parametrize("name", sorted(modules()))
def test_the_examples_of_the_module_run(name: str) -> None:
    failures, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert failures == 0


def test_the_rules_show_examples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    shown = [
        case
        for name in modules()
        if name.startswith("oort.rules.")
        for case in finder.find(importlib.import_module(name))
    ]
    assert sum(bool(case.examples) for case in shown) >= 8
