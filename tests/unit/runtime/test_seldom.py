"""What repeats itself is said once in a while, and nothing is counted for ever."""

from datetime import UTC, datetime, timedelta

from oort.runtime.seldom import Seldom

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_each_text_has_its_own_pause() -> None:
    seldom = Seldom(timedelta(seconds=30))
    times = [("a", 0), ("b", 1), ("a", 2), ("a", 29), ("a", 30), ("a", 59), ("a", 60), ("b", 31)]
    said = [seldom.missed(text, now=NOON + timedelta(seconds=after)) for text, after in times]
    assert said == [0, 0, None, None, 2, None, 1, 0]


def test_many_texts_do_not_fill_the_memory() -> None:
    seldom = Seldom(timedelta(seconds=30))
    for number in range(1000):
        assert seldom.missed(str(number), now=NOON) == 0
    assert len(seldom._said) == 100
