"""Every module of the library can be imported, and every example in a docstring runs."""

import doctest
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import oort
from tests.measuring import import_every_module

SOURCE = Path(oort.__file__).parent


def modules_with_examples() -> Iterator[str]:
    for path in sorted(SOURCE.rglob("*.py")):
        if ">>> " in path.read_text(encoding="utf-8"):
            inside = path.relative_to(SOURCE.parent).with_suffix("")
            yield ".".join(inside.parts).removesuffix(".__init__")


MODULES = list(modules_with_examples())


def test_every_module_can_be_imported() -> None:
    import_every_module()


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_the_module_run(name: str) -> None:
    """Not `doctest.testmod`: it spends its time on docstrings without examples."""
    module, runner = (
        importlib.import_module(name),
        doctest.DocTestRunner(optionflags=doctest.ELLIPSIS),
    )
    for example in doctest.DocTestFinder(exclude_empty=True).find(module):
        if example.examples:
            runner.run(example)
    attempted = runner.summarize(verbose=False)
    assert attempted.attempted > 0
    assert attempted.failed == 0


def test_the_rules_show_examples() -> None:
    assert sum(name.startswith("oort.rules.") for name in MODULES) >= 8
