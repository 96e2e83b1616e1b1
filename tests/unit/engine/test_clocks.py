"""The clock that is moved by hand."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from oort.engine.clocks import VirtualClock


def test_the_virtual_clock_moves_only_when_it_is_moved() -> None:
    clock = VirtualClock(datetime(2030, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))))
    assert clock.now() == clock.now() == datetime(2030, 1, 1, tzinfo=UTC)
    clock.advance(timedelta(seconds=1, microseconds=5))
    assert clock.now() == datetime(2030, 1, 1, 0, 0, 1, 5, tzinfo=UTC)
    assert clock.tick() == 1_000_005_000


def test_the_virtual_clock_never_runs_backwards() -> None:
    clock = VirtualClock()
    with pytest.raises(ValueError, match="go back"):
        clock.advance(-timedelta(seconds=1))
    later = clock.now() + timedelta(days=1)
    clock.advance_to(later)
    clock.advance_to(later - timedelta(hours=1))
    assert clock.now() == later
