"""docs/explanation/type-errors.md shows each deliberate misuse with what the type checkers print, word for word."""

from pathlib import Path

import pytest

from tests.typing.test_public_surface import MISUSES, copied
from tests.typing.type_errors_page import BLOCK, PAGE, renewed, said


def test_every_misuse_has_its_place() -> None:
    shown = [int(found["number"]) for found in BLOCK.finditer(PAGE.read_text(encoding="utf-8"))]
    assert sorted(shown) == list(range(1, MISUSES + 1))


@pytest.mark.slow
def test_the_messages_are_those_that_the_checkers_print(tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert renewed(page, said(copied(tmp_path, cold=True))) == page, (
        "run python -m tests.typing.type_errors_page"
    )
