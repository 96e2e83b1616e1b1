"""The claim api: rounds and figures. No server is started and nothing is timed."""

import pytest

from benchmarks import api
from benchmarks.api import Contender, alternate, compared
from benchmarks.effort import Effort
from benchmarks.load import Order, Tally
from benchmarks.processes import Server

NOBODY = 2**22 + 1  # no process has this number


def contender(port: int) -> Contender:
    return Contender(Server(port, NOBODY, 0.0), "/")


def test_rounds_alternate_and_the_first_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    orders: list[Order] = []

    def fire(order: Order) -> Tally:
        orders.append(order)
        last = order.first + 10
        return Tally(requests=10, seconds=1, cpu=0.1, p50=0.1, p99=0.2, refused={}, last=last)

    monkeypatch.setattr(api, "fire", fire)
    both = [contender(1), contender(2)]
    alternate(both, 4, Effort(rounds=2, seconds=1.0, starts=1))
    assert [order.port for order in orders] == [1, 2, 1, 2, 1, 2]
    assert [order.first for order in orders if order.port == 1] == [0, 10, 20], "bodies are new"
    assert {order.connections for order in orders} == {4}
    assert [len(one.tallies) for one in both] == [2, 2]


def test_the_figures_compare_oort_with_each_rival() -> None:
    def measured(requests: int, cpu: float, p50: float) -> Contender:
        one = contender(1)
        one.cpu = [cpu]
        one.tallies = [
            Tally(requests=requests, seconds=1, cpu=0, p50=p50, p99=1, refused={}, last=0)
        ]
        return one

    rivals = {"moto": measured(50, 4e-3, 0.02), "ministack": measured(400, 1e-3, 0.03)}
    found = {one.key: one.value for one in compared("k", "", measured(200, 2e-3, 0.01), rivals)}
    assert found["k.moto-rate"] == 4
    assert found["k.ministack-rate"] == 0.5
    assert found["k.moto-cpu"] == pytest.approx(0.5)
    assert found["k.ministack-cpu"] == pytest.approx(2)
    assert found["k.oort.p50"] == pytest.approx(10)
    assert found["k.moto.rate"] == 50
