"""How consumers share the threads of the dispatcher: in turn, and nobody takes the last."""

from collections import Counter

import pytest

from oort.engine.invoking.shares import Shares


def give(shares: Shares, **needed: int) -> list[str]:
    """Give, and let the environments lease at once."""
    given = shares.give(needed)
    for queue in given:
        shares.leased(queue)
    return given


def test_a_backlog_alone_leaves_half_of_the_threads() -> None:
    shares = Shares(32)
    assert give(shares, a=100) == ["a"] * 16
    assert give(shares, a=100) == []
    shares.give_back("a")
    assert give(shares, a=100) == ["a"]


def test_other_backlogs_get_their_quarter_at_once() -> None:
    shares = Shares(16)
    running = Counter(give(shares, a=100))
    running.update(give(shares, a=100, b=100, c=100))
    # The last thread is for a consumer that has none.
    assert running == {"a": 8, "b": 4, "c": 3}
    for _ in range(6):  # slices of the first end
        shares.give_back("a")
        running["a"] -= 1
        running.update(give(shares, a=100, b=100, c=100))
    assert running == {"a": 4, "b": 4, "c": 4}


def test_a_queue_gets_no_more_environments_than_it_needs() -> None:
    shares = Shares(32)
    assert give(shares, a=1, b=2, c=0) == ["a", "b", "b"]


def test_environments_that_have_not_leased_yet_count_as_part_of_the_need() -> None:
    shares = Shares(32)
    assert shares.give({"a": 2}) == ["a", "a"]
    assert shares.give({"a": 2}) == []
    assert shares.countable("a") == 16  # 14 more, and two that still lease
    shares.leased("a")
    assert shares.give({"a": 2}) == ["a"]


def test_the_last_thread_stays_for_a_consumer_that_has_none() -> None:
    shares = Shares(8)
    given = Counter(give(shares, a=70, b=70, c=70, d=70))
    assert given.total() == 7
    assert max(given.values()) == 2
    assert [shares.countable(queue) for queue in "abcd"] == [0] * 4
    assert shares.countable("quick") == 1
    assert give(shares, quick=5) == ["quick"]
    assert shares.countable("late") == 0
    assert give(shares, late=1) == []


def test_each_consumer_gets_its_first_environment_before_any_gets_its_second() -> None:
    given = give(Shares(8), a=9, b=9, c=9, d=9, e=9)
    assert given[:5] == ["a", "b", "c", "d", "e"]
    assert given[5:] == ["a", "b"]


def test_with_more_backlogs_than_threads_consumers_take_turns() -> None:
    shares = Shares(8)
    backlogs = dict.fromkeys("abcdefgh", 70)
    assert give(shares, **backlogs) == list("abcdefgh")
    turns = []
    for ends in "abcdefgh":  # each slice ends, and the neighbour and all backlogs wait
        shares.give_back(ends)
        turns += give(shares, **backlogs, neighbour=1)
    assert turns[0] == "neighbour"
    assert turns[1:] == list("abcdefg")


@pytest.mark.parametrize(("threads", "alone"), [(1, 1), (2, 1), (3, 2), (4, 2)])
def test_a_small_pool_leaves_a_thread_for_another_consumer(threads: int, alone: int) -> None:
    shares = Shares(threads)
    assert give(shares, a=9) == ["a"] * alone
    assert give(shares, b=9) == ["b"] * (threads > 1)


def test_a_backlog_of_short_slices_delays_a_neighbour_by_at_most_a_slice() -> None:
    """Four backlogs, and a neighbour with a message now and then: it is always served at once."""
    shares, running = Shares(8), list[str]()
    for step in range(200):
        if running:
            shares.give_back(running.pop(0))
        needed = dict.fromkeys("abcd", 70) | ({"neighbour": 1} if step % 10 == 9 else {})
        given = give(shares, **needed)
        assert ("neighbour" in given) == ("neighbour" in needed)
        running += given
