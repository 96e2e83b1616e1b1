"""The alarm of a process ends a block of code, and leaves the alarms of others alone."""

import signal
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from oort.model.errors import TimedOut
from oort.runtime import alarms
from oort.runtime.alarms import Alarm

SOON, LATE = timedelta(seconds=0.02), timedelta(seconds=30)


@pytest.fixture
def rung() -> Iterator[list[int]]:
    """The alarms that reached a handler of the process, which was there before."""
    rung: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
    left, interval = signal.setitimer(signal.ITIMER_REAL, 0)
    yield rung
    signal.signal(signal.SIGALRM, before)
    signal.setitimer(signal.ITIMER_REAL, left, interval)


def test_a_block_that_waits_is_ended(rung: list[int]) -> None:
    limited = Alarm().limited
    for _ in range(2):
        with pytest.raises(TimedOut), limited(SOON):
            time.sleep(1)
    assert rung == []


def test_a_block_within_a_block_ends_alone(rung: list[int]) -> None:
    limited = Alarm().limited

    def inner() -> None:
        with pytest.raises(TimedOut, match=r"0\.02"), limited(SOON):
            time.sleep(1)
        time.sleep(1)

    with pytest.raises(TimedOut, match=r"0\.06"), limited(timedelta(seconds=0.06)):
        inner()
    assert rung == []


def test_an_alarm_that_was_set_before_is_set_again(rung: list[int]) -> None:
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    with pytest.raises(TimedOut), Alarm().limited(SOON):
        time.sleep(1)
    time.sleep(0.2)
    assert rung == [1]


def test_an_alarm_that_is_set_inside_reaches_the_handler_from_before(rung: list[int]) -> None:
    with Alarm().limited(LATE):
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        time.sleep(0.05)
    assert rung == [1]


def test_an_alarm_that_is_set_afterwards_reaches_the_handler_from_before(rung: list[int]) -> None:
    with Alarm().limited(LATE):
        pass
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    time.sleep(0.05)
    assert rung == [1]


def test_without_a_handler_a_foreign_alarm_in_a_block_does_nothing(rung: list[int]) -> None:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    with Alarm().limited(LATE):
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        time.sleep(0.05)
    assert rung == []


def test_a_handler_that_was_replaced_is_installed_again(
    rung: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarms, "_LOOK", 0)
    limited = Alarm().limited
    with limited(LATE):
        signal.signal(signal.SIGALRM, lambda *_: rung.append(2))
    with pytest.raises(TimedOut), limited(SOON):
        time.sleep(1)
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    time.sleep(0.05)
    assert rung == [2]


def test_another_thread_has_no_alarm() -> None:
    def work() -> None:
        with Alarm().limited(SOON):
            done.append(1)

    done: list[int] = []
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [1]
