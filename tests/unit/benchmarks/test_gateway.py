"""The contenders of the gateway claims. No server is started and nothing is timed."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import jwt
import pytest

from benchmarks import gateway, programs
from benchmarks.gateway import Contender
from benchmarks.load import Order, Tally
from benchmarks.processes import Server

NOBODY = 2**22 + 1  # no process has this number


class FakeGenerator:
    """Takes the place of `fire`: remembers the orders and answers each with 150 requests."""

    def __init__(self) -> None:
        self.orders: list[Order] = []

    def __call__(self, order: Order) -> Tally:
        self.orders.append(order)
        last = order.first + 150
        return Tally(requests=150, seconds=1, cpu=0.1, p50=0.1, p99=0.2, refused={}, last=last)


@pytest.fixture
def generator(monkeypatch: pytest.MonkeyPatch) -> FakeGenerator:
    fake = FakeGenerator()
    monkeypatch.setattr(gateway, "fire", fake)
    return fake


def contender(spans: Path | None = None) -> Contender:
    return Contender(Server(1, NOBODY, 0.0), {}, spans=spans)


def written_by(folder: Path) -> tuple[Path, Callable[[int], None]]:
    """A file of spans, and a function that adds some."""
    file = folder / "spans.db"

    def add(number: int) -> None:
        with closing(sqlite3.connect(file)) as database, database:
            database.execute("CREATE TABLE IF NOT EXISTS spans(trace TEXT)")
            database.executemany("INSERT INTO spans VALUES(?)", [("t",)] * number)

    return file, add


def test_every_written_row_is_new_also_after_a_new_beginning(generator: FakeGenerator) -> None:
    one = contender()
    one.fill()
    one.round(connections=4, seconds=1, write=True)
    one.begin()
    one.round(connections=4, seconds=1, write=True)
    assert [order.first for order in generator.orders] == [0, 150, 300, 450]
    assert one.requests == 600
    assert len(one.rates) == len(one.cpu) == len(one.tallies) == 1


def test_spans_are_waited_for_until_no_more_come(
    tmp_path: Path, generator: FakeGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, add = written_by(tmp_path)
    one = contender(file)
    one.round(connections=1, seconds=1, write=False)
    add(100)
    late = iter([50, 0])
    monkeypatch.setattr("benchmarks.gateway.time.sleep", lambda _: add(next(late)))
    assert one.spans_written() == 150
    one.round(connections=1, seconds=1, write=False)
    assert one.spans_written() == 150, "150 were dropped"
    assert len(generator.orders) == 2


def test_the_token_of_the_equal_rival_is_signed_by_the_key_that_it_gets(tmp_path: Path) -> None:
    token = programs.caller_token(tmp_path)
    key = (tmp_path / "caller.pem").read_text()
    assert jwt.decode(token, key, algorithms=["RS256"])["sub"] == "ada"


def test_the_figures_compare_oort_with_both(generator: FakeGenerator) -> None:
    ours, theirs, equal = contender(), contender(), contender()
    for one, rate, cpu in ((ours, 100.0, 3e-4), (theirs, 200.0, 1e-4), (equal, 50.0, 2e-4)):
        one.round(connections=1, seconds=1, write=False)
        one.rates, one.cpu = [rate], [cpu]
    found = {one.key: one.value for one in gateway._figures("k", 1, ours, theirs, equal)}
    assert found["k.rate"] == 0.5
    assert found["k.equal-rate"] == 2.0
    assert found["k.cpu"] == pytest.approx(3)
    assert found["k.equal-cpu"] == pytest.approx(1.5)
    assert len(generator.orders) == 3
