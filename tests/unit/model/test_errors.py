"""The error tree: stable, distinct codes, and texts that say what to do next."""

import inspect

from oort.model import errors
from oort.model.errors import (
    ConditionFailed,
    InvalidProgram,
    Mistake,
    NoSuchItem,
    OortError,
    Source,
)


def every_error() -> list[type[OortError]]:
    return [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, OortError)
    ]


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in every_error()]
    assert len(set(codes)) == len(codes) > 10


def test_every_error_says_what_it_is_in_its_docstring() -> None:
    assert [kind for kind in every_error() if not (kind.__doc__ or "").strip()] == []


def test_an_error_reads_as_what_happened_and_what_to_do() -> None:
    error = OortError("The port is taken.", "Choose another with --port.")
    assert (str(error), error.what, error.instead) == (
        "The port is taken. Choose another with --port.",
        "The port is taken.",
        "Choose another with --port.",
    )
    assert str(OortError("Only this.")) == "Only this."


def test_an_invalid_program_lists_each_mistake_once_and_in_order() -> None:
    late = Mistake(Source("b.py", 9), "code.two", "This is wrong.", "Write that.")
    early = Mistake(Source("a.py", 10), "code.one", "So is this.", "Leave it out.")
    error = InvalidProgram([late, early, late])
    assert error.mistakes == (early, late)
    assert str(error) == (
        "a.py:10: So is this.\n    Leave it out. [code.one]\nb.py:9: This is wrong.\n    Write that. [code.two]"
    )


def test_failed_writes_know_their_position_in_the_transaction() -> None:
    assert ConditionFailed("It exists.", position=3).position == 3
    assert NoSuchItem("It is gone.", position=2).position == 2
    assert (ConditionFailed("It exists.").position, NoSuchItem("It is gone.").position) == (0, 0)
