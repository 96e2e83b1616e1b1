"""The page on the architecture shows the source as it is."""

import pytest

from scripts import architecture_page

PAGE = architecture_page.ROOT / architecture_page.PAGE


def test_the_page_is_in_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert architecture_page.main([]) == 0, capsys.readouterr().err


def test_an_old_picture_is_noticed() -> None:
    page = PAGE.read_text(encoding="utf-8")
    old = page.replace("engine --> runtime", "runtime --> engine")
    assert old != page
    assert architecture_page.renewed(old) == page  # the page is in step: the test above


@pytest.mark.parametrize(
    "reference",
    [
        "`engine/nowhere.py`",
        "`engine/store/group.py: Nobody`",
        "`engine/gateway/gateway.py: Gateway.nothing`",
    ],
)
def test_a_module_or_name_that_does_not_exist_is_noticed(reference: str) -> None:
    assert len(architecture_page.dead_names(f"See {reference}.")) == 1


def test_arrows_that_follow_from_others_are_left_out() -> None:
    edges = {("cli", "engine"), ("engine", "rules"), ("cli", "rules")}
    assert architecture_page.needed(edges) == [("cli", "engine"), ("engine", "rules")]
