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


WRONG = """
from datetime import timedelta
from oort import *
shop = Service("shop", cors="https://a.example")  #! option.type
@shop.queue("jobs", attempts="3")  #! option.type
class Jobs(Queue[int, Can]): ...
@event("shop.done", version=1, key="id")
class Done(Event):
    id: str
@shop.get("/a", groups="staff")  #! option.type
def a() -> None: ...
@shop.get("/b", public="no")  #! option.type
def b() -> None: ...
@shop.get("/c", timeout=10)  #! option.type
def c() -> None: ...
@shop.get("/d", status="201")  #! option.type
def d() -> None: ...
@shop.get("/e", rate="50")  #! option.type
def e() -> None: ...
@shop.get("/f", burst=1.5)  #! option.type
def f() -> None: ...
@shop.get("/g/{id}", owner=["id"])  #! option.type
def g(id: str) -> None: ...
@shop.get("/h", raises=NotFound)  #! option.type
def h() -> None: ...
@shop.get("/i", raises=[NotFound("x")])  #! option.type
def i() -> None: ...
@shop.get("/j", latency_sensitive="yes")  #! option.type
def j() -> None: ...
@shop.get("/n", timeout=None)  #! option.type
def no_limit() -> None: ...
@shop.get("/p", status=None)  #! option.type
def no_status() -> None: ...
@shop.on(Done, attempts=None)  #! option.type
def no_attempts(done: Done) -> None: ...
@shop.every(60)  #! option.type
def k() -> None: ...
@shop.cron(5)  #! option.type
def l() -> None: ...
@shop.cron("0 0 * * *", timezone=5)  #! option.type
def m() -> None: ...
@shop.on(Done, attempts="x")  #! option.type
def n(done: Done) -> None: ...
@shop.worker(Jobs, batch="2")  #! option.type
def o(number: int) -> None: ...
@shop.get("/right", groups=("staff",), timeout=timedelta(seconds=1), rate=0.5, burst=None, raises=(NotFound,))
def right() -> None: ...
"""


def test_a_value_of_another_type_is_a_mistake_and_never_opens_a_route(tmp_path: Path) -> None:
    with written(tmp_path, {"shop.py": WRONG}, services=("shop",)) as platform:
        assert platform.found() == platform.marked()
        assert "get(groups=) takes a list of texts" in "\n".join(map(str, platform.mistakes()))


SIGNATURES = """
from typing import Annotated
from oort import *
shop = Service("shop")
@shop.get("/a")  #! route.parameter
def a(source: Annotated[str, "X-Source"] = "") -> None: ...
@shop.get("/b")  #! route.parameter
def b(source: Annotated[str, Header] = "") -> None: ...
@shop.get("/c")  #! signature.return
def c(): ...
@shop.get("/d")
def d(source: Annotated[str, "where it comes from"] = "", by: Annotated[str, Header("X-By")] = "") -> None: ...
"""


def test_what_looks_like_a_header_is_no_query_parameter(tmp_path: Path) -> None:
    with written(tmp_path, {"shop.py": SIGNATURES}, services=("shop",)) as platform:
        assert platform.found() == platform.marked()
