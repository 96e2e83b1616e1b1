"""P4, P22: a single request with millions of small values costs few steps, whatever the handler does with it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import msgspec
import pytest

from oort import Can, Put, Queue, Send, Service, Table
from oort.model import limits
from oort.model.errors import LimitExceeded
from oort.testing import Platform

COUNT = 30_000
MOST = 20_000  # bytes of an item or a message, as if they were far smaller


class Row(msgspec.Struct):
    id: str
    numbers: list[int] = []
    anything: Any = None


def shop() -> Service:
    shop = Service("shop")

    @shop.table("rows", key="id")
    class Rows(Table[str, Row, Can]): ...

    @shop.queue("jobs")
    class Jobs(Queue[Row, Can]): ...

    @shop.worker(Jobs)
    def work(message: Row) -> None: ...

    @shop.post("/rows", public=True)
    def add(body: Row, rows: Rows[Put]) -> None:
        rows.put(body)

    @shop.post("/jobs", public=True)
    def send(body: Row, jobs: Jobs[Send]) -> None:
        jobs.send(body)

    @shop.post("/nothing", public=True)
    def read(body: Row) -> None: ...

    return shop


@contextmanager
def counting() -> Iterator[list[int]]:
    """The number of calls of Python functions in the block."""
    calls = [0]

    def count(_: FrameType, event: str, __: object) -> None:
        calls[0] += event == "call"

    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(None)


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    "member", [{"numbers": [1] * COUNT}, {"anything": [{}] * COUNT}, {"anything": [[1]] * COUNT}]
)
@pytest.mark.parametrize("path", ["/rows", "/jobs", "/nothing"])
def test_a_body_is_not_walked_through(
    member: dict[str, Any], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ITEM_BYTES", MOST)
    monkeypatch.setattr(limits, "MESSAGE_BYTES", MOST)
    with Platform(shop(), redeliver=False) as platform:
        platform.post(f"/shop{path}", {"id": "b"})
        with counting() as calls:
            reply = platform.post(f"/shop{path}", {"id": "a", **member})
    assert calls[0] < 5_000
    if path != "/nothing":
        assert f"{MOST:,}" in reply.error
        assert (reply.status, LimitExceeded.__name__ in reply.error) == (500, True)
