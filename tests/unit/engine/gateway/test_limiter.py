"""The limiter keeps clients and routes apart, and forgets those that were quiet for longest when there are too many."""

from datetime import timedelta

from oort.engine.clocks import VirtualClock
from oort.engine.gateway.limiter import Limiter
from oort.model.functions import Rate

ONE = Rate(per_second=1, burst=1)


def test_every_client_of_every_route_has_a_bucket_of_its_own() -> None:
    limiter = Limiter(VirtualClock())
    pairs = [("a", "ada"), ("a", "bob"), ("b", "ada")]
    assert [limiter.wait(route, client, rate=ONE) for route, client in pairs] == [timedelta(0)] * 3
    assert [limiter.wait(route, client, rate=ONE) for route, client in pairs] == [
        timedelta(seconds=1)
    ] * 3


def test_time_fills_the_bucket() -> None:
    clock = VirtualClock()
    limiter = Limiter(clock)
    limiter.wait("a", "ada", rate=ONE)
    clock.advance(timedelta(milliseconds=400))
    assert limiter.wait("a", "ada", rate=ONE) == timedelta(milliseconds=600)
    clock.advance(timedelta(milliseconds=600))
    assert limiter.wait("a", "ada", rate=ONE) == timedelta(0)


def test_the_memory_is_bounded_and_the_quietest_are_forgotten() -> None:
    limiter = Limiter(VirtualClock(), most=2)
    for client in ("ada", "bob", "ada", "eve"):
        limiter.wait("a", client, rate=ONE)
    assert len(limiter) == 2
    assert limiter.wait("a", "ada", rate=ONE)  # remembered: it came after bob
    assert not limiter.wait("a", "bob", rate=ONE)  # forgotten, so it begins anew
