"""Options of the decorators: an unknown option is refused with the options that exist."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from oort import Event, Queue, Service, event
from tests.unit.app.written import written

ROUTE_OPTIONS = "burst, groups, latency_sensitive, owner, public, raises, rate, status, timeout"


@event("options.happened", version=1, key="id")
class Happened(Event):
    id: str


@pytest.mark.parametrize(
    ("decorator", "arguments", "options"),
    [
        ("get", ("/",), ROUTE_OPTIONS),
        ("post", ("/",), ROUTE_OPTIONS),
        ("put", ("/",), ROUTE_OPTIONS),
        ("patch", ("/",), ROUTE_OPTIONS),
        ("delete", ("/",), ROUTE_OPTIONS),
        ("on", (Happened,), "attempts, batch, timeout, where"),
        ("worker", (Queue,), "batch, timeout"),
        ("every", (timedelta(hours=1),), "attempts, timeout"),
        ("cron", ("0 3 * * *",), "attempts, timeout, timezone"),
    ],
)
def test_an_unknown_option_is_refused_with_the_options_that_exist(
    decorator: str, arguments: tuple[Any, ...], options: str
) -> None:
    with pytest.raises(TypeError) as raised:
        getattr(Service("options"), decorator)(*arguments, publc=True)
    expected = f"{decorator}() has no option 'publc'; its options are: {options}"
    assert str(raised.value) == expected


def test_an_unknown_option_is_a_mistake_at_the_line_of_the_decorator(tmp_path: Path) -> None:
    text = (
        'from oort import Service\nshop = Service("shop")\n'
        '@shop.get("/", publc=True)  #! import.failed\ndef show() -> None: ...\n'
    )
    with written(tmp_path, {"shop.py": text}, services=("shop",)) as platform:
        assert platform.found() == platform.marked()
        assert "get() has no option 'publc'" in str(platform.mistakes()[0])
