"""The rates of the latency claim rise until the server does not follow."""

import pytest

from benchmarks import latency
from benchmarks.open_loop import OpenTally


def tally(*, p99: float = 0.1, failed: int = 0, late: float = 0.0) -> OpenTally:
    return OpenTally(
        planned=1000, answered=1000 - failed, failed={"503": failed} if failed else {}, began=0.0, seconds=1.0, cpu=0.1,
        p50=0.01, p99=p99, p999=2 * p99, late=late, waited=0, last=1000,
    )  # fmt: skip


@pytest.mark.parametrize("slow", [tally(p99=1.1), tally(failed=11)])
def test_the_rate_rises_until_the_server_does_not_follow(slow: OpenTally) -> None:
    asked: list[int] = []

    def fire(rate: int) -> OpenTally:
        asked.append(rate)
        return slow if rate == 500 else tally()

    found = {one.key: one.value for one in latency.raised("read", (200, 500, 1000), fire)}
    assert asked == [200, 500]
    assert found["latency.read.highest"] == 200
    assert found["latency.read.500.p99"] == slow.p99 * 1e3
    assert found["latency.read.500.failed"] == slow.share_failed * 100


def test_a_server_that_follows_gets_every_rate() -> None:
    found = {one.key: one.value for one in latency.raised("read", (200, 500), lambda _: tally())}
    assert found["latency.read.highest"] == 500


def test_a_generator_that_is_late_says_so() -> None:
    texts = [one.what for one in latency.raised("read", (200,), lambda _: tally(late=0.02))]
    assert any("NOT KEPT" in text for text in texts)
    texts = [one.what for one in latency.raised("read", (200,), lambda _: tally(late=0.001))]
    assert not any("NOT KEPT" in text for text in texts)
