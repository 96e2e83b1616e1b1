"""P30: a request that does not fit what the route declares is refused with every reason at once; the handler never runs."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

import msgspec
import pytest

from cometbid.accounts.store import People
from oort import Header, Reply, Service
from oort.testing import Platform
from tests.scenarios.cometbid_kit import SIGN_UP, MemorySender, platform

orders = Service("orders")
entered: list[str] = []


class Line(msgspec.Struct):
    """One line of an order."""

    article: str
    count: Annotated[int, msgspec.Meta(ge=1, le=99)]


class Order(msgspec.Struct, rename="camel"):
    """An order."""

    customer_name: Annotated[str, msgspec.Meta(min_length=1)]
    lines: Annotated[list[Line], msgspec.Meta(min_length=1, max_length=100)]
    kind: Literal["now", "later"] = "now"


@orders.post("/{year}", public=True, status=201)
def place(
    year: int,
    body: Order,
    key: Annotated[str, Header("Idempotency-Key")],
    day: date,
    tag: list[str] | None = None,
) -> Reply[Order]:
    """Place an order."""
    entered.append(key)
    return Reply(body, headers={"x-tags": ",".join(tag or [])})


GOOD = {"customerName": "Ada", "lines": [{"article": "tea", "count": 2}]}
HEADERS = {"idempotency-key": "k1"}
PATH = "/orders/2026?day=2026-11-23"


@pytest.fixture
def running() -> Iterator[Platform]:
    """The service above, with the list of handler entries emptied."""
    entered.clear()
    with Platform(orders) as made:
        yield made


def reasons(
    running: Platform, path: str, body: object, headers: dict[str, str] | None = None
) -> set[str]:
    """Where the refused request is wrong; the handler was not entered."""
    reply = running.post(path, body, headers=headers or {})
    assert (reply.status, reply.headers["content-type"]) == (400, "application/problem+json")
    assert entered == []
    errors = reply.into(dict[str, object])["errors"]
    assert isinstance(errors, list)
    return {
        f"{one['in']} {one.get('pointer', one.get('name'))}"
        for one in errors
        if isinstance(one, dict)
    }


def test_a_good_request_reaches_the_handler(running: Platform) -> None:
    reply = running.post(f"{PATH}&tag=a&tag=b", GOOD, headers=HEADERS)
    assert (reply.status, reply.headers["x-tags"], entered) == (201, "a,b", ["k1"])


def test_everything_that_is_wrong_is_said_at_once(running: Platform) -> None:
    body = {
        "customerName": "",
        "lines": [{"article": 7, "count": 0}, {"count": 1, "extra": 1}],
        "kind": "x",
        "b/c~d": 1,
    }
    assert reasons(running, "/orders/soon?day=tomorrow", body) == {
        "path year",
        "query day",
        "header idempotency-key",
        "body /customerName",
        "body /lines/0/article",
        "body /lines/0/count",
        "body /lines/1/article",
        "body /lines/1/extra",
        "body /kind",
        "body /b~1c~0d",
    }


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"\xff",
        b'{"customerName": "a"',
        b"nonsense",
        b"[" * 100_000,
        b'{"a":' * 5_000,
        b"null",
        b"[]",
        b"7",
    ],
)
def test_a_body_that_is_no_order_is_refused(running: Platform, body: bytes) -> None:
    reply = running.post(PATH, body, headers={**HEADERS, "content-type": "application/json"})
    assert (reply.status, entered) == (400, [])


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "nonsense"]
)
def test_a_body_that_is_not_json_is_415(running: Platform, kind: str) -> None:
    reply = running.post(PATH, b"a=b", headers={**HEADERS, "content-type": kind})
    assert (reply.status, entered) == (415, [])
    assert "application/json" in str(reply.json())


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "application/vnd.shop+json"]
)
def test_every_kind_of_json_is_accepted(running: Platform, kind: str) -> None:
    assert running.post(PATH, GOOD, headers={**HEADERS, "content-type": kind}).status == 201


def test_a_parameter_given_twice_is_refused(running: Platform) -> None:
    assert reasons(running, f"{PATH}&day=2026-01-01", GOOD, HEADERS) == {"query day"}


def test_a_body_over_six_megabytes_is_413(running: Platform) -> None:
    reply = running.post(PATH, b" " * (6 * 1024 * 1024 + 1), headers=HEADERS)
    assert (reply.status, entered) == (413, [])


def test_an_unknown_path_is_404_and_a_wrong_method_405(running: Platform) -> None:
    assert running.get("/nowhere").status == 404
    assert running.get("/orders").status == 404
    wrong = running.get(PATH)
    assert (wrong.status, wrong.headers["allow"], entered) == (405, "POST", [])


def test_a_sign_up_without_e_mail_names_the_field_and_writes_nothing() -> None:
    with platform(MemorySender()) as made:
        reply = made.post("/accounts", {"country": "NO"})
        assert reply.status == 400
        assert '"pointer":"/email"' in reply.body.decode()
        assert made.post("/accounts", {**SIGN_UP, "admin": True}).status == 400
        assert made.items(People) == []


def test_a_handler_that_raises_is_500_with_a_trace_and_no_internals() -> None:
    broken = Service("broken")

    @broken.get("/", public=True)
    def fail() -> str:
        raise RuntimeError("password=hunter2")

    with Platform(broken) as made:
        reply = made.get("/broken")
        document = reply.into(dict[str, object])
        assert (reply.status, document["trace"]) == (500, reply.trace)
        assert b"hunter2" not in reply.body
        assert b"Runtime" not in reply.body
        assert "hunter2" in reply.error  # for the log
