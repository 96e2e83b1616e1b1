"""Schedules: on time in their time zone, at least once, with retries and dead letters; the virtual clock moves through a year."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from oort import Can, Context, Service, Table, Update, atomic, field, fields
from oort.testing import Platform

nightly = Service("nightly")
quarters = Service("quarters")
ran: list[str] = []
broken: list[bool] = []


class Total(msgspec.Struct):
    """How often something ran."""

    name: str
    runs: int = 0


T = fields(Total)


@quarters.table("totals", key="name")
class Totals(Table[str, Total, Can]):
    """How often each handler ran."""


@quarters.every(timedelta(minutes=15))
def sweep(ctx: Context, totals: Totals[Update]) -> None:
    """Every quarter of an hour, counted once however often it is delivered."""
    with atomic() as tx:
        tx.update(totals, "sweep", field(T.runs).add(1), initial=Total("sweep"))


@nightly.cron("30 2 * * *", timezone="Europe/Oslo")
def report(ctx: Context) -> None:
    """Half past two at night in Oslo."""
    ran.append(ctx.now.strftime("%m-%d %H:%M"))
    if broken:
        raise OSError("the printer is out of paper")


@pytest.fixture
def running() -> Iterator[Platform]:
    """The service, at midnight of 1 January 2026 in UTC."""
    ran.clear()
    broken.clear()
    with Platform(nightly, redeliver=False) as platform:
        yield platform


def test_an_interval_runs_at_its_multiples() -> None:
    with Platform(quarters) as platform:  # delivered twice, counted once
        platform.advance(timedelta(hours=2, minutes=10))
        assert [total.runs for total in platform.items(Totals)] == [8]


def test_a_cron_expression_runs_in_its_time_zone(running: Platform) -> None:
    running.advance(timedelta(days=2))
    assert ran == ["01-01 01:30", "01-02 01:30"]  # Oslo is an hour ahead in winter


def test_when_the_clocks_change_a_missing_time_is_skipped_and_a_double_one_runs_once(
    running: Platform,
) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    running.advance(datetime(2026, 3, 28, tzinfo=UTC) - start)
    ran.clear()
    running.advance(timedelta(days=3))
    assert ran == ["03-28 01:30", "03-30 00:30"]  # on the 29th, 02:30 does not exist
    running.advance(datetime(2026, 10, 24, tzinfo=UTC) - datetime(2026, 3, 31, tzinfo=UTC))
    ran.clear()
    running.advance(timedelta(days=3))
    assert ran == ["10-24 00:30", "10-25 00:30", "10-26 01:30"]  # on the 25th, 02:30 comes twice


def test_a_run_that_fails_is_tried_again_and_then_a_dead_letter(running: Platform) -> None:
    broken.append(True)
    running.advance(timedelta(hours=2))
    assert ran == ["01-01 01:30"] * 3
    (letter,) = running.dead_letters(report)
    assert (letter.attempts, letter.message.id) == (3, "nightly.report@2026-01-01T01:30:00+00:00")
    broken.clear()
    assert running.redrive(report) == 1
    running.settle()
    assert len(ran) == 4
