"""The templates of two platforms are those that were reviewed. `make golden` accepts what is new."""

import difflib
from typing import get_args

import pytest

from oort.model.functions import Http, Timer, Trigger
from oort.model.resources import Kind
from tests.golden.golden_templates import BAZAAR, COMETBID, Golden


@pytest.mark.parametrize("golden", [COMETBID, BAZAAR], ids=lambda golden: golden.source.name)
def test_the_templates_are_the_golden_ones(golden: Golden) -> None:
    made = golden.files()
    assert sorted(made) == sorted(file.name for file in golden.folder.glob("*.json")), (
        "run `make golden`"
    )
    for name, data in made.items():
        before, after = (golden.folder / name).read_text(), data.decode()
        lines = difflib.unified_diff(
            before.splitlines(), after.splitlines(), "golden", "now", lineterm="", n=2
        )
        assert before == after, (
            f"{name}: if this is meant, run `make golden` and read it\n" + "\n".join(lines)
        )


def test_the_small_platform_has_one_of_every_kind() -> None:
    """Of every trigger, every grant and every setting of a route, so that a change to any of them shows."""
    platform = BAZAAR.model()
    triggers = [function.trigger for function in platform.functions]
    assert {type(trigger) for trigger in triggers} == set(get_args(Trigger))
    assert {grant.kind for function in platform.functions for grant in function.grants} == set(Kind)
    routes = [trigger for trigger in triggers if isinstance(trigger, Http)]
    assert {route.public for route in routes} == {True, False}
    assert any(route.groups for route in routes)
    assert any(route.owner for route in routes)
    assert any(route.rate is not None for route in routes)
    assert any(service.cors for service in platform.services)
    timers = [trigger for trigger in triggers if isinstance(trigger, Timer)]
    assert {timer.interval is None for timer in timers} == {True, False}
    indexes = [index for table in platform.tables for index in table.indexes]
    assert {index.primary for index in indexes} == {True, False}
    assert any(table.version for table in platform.tables)
