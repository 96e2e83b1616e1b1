"""P7: a crash at any boundary of a commit loses nothing that was acknowledged, and repeats no effect inside atomic().

Each seed is a schedule of the engine in one thread and in virtual time: tests/crash/simulation.py. A seed that breaks a law is
shown by `python -m tests.crash.simulation SEED`. OORT_CRASH_SCHEDULES makes it longer.
"""

import os

import pytest

from tests.crash import simulation
from tests.crash.boundaries import POINTS
from tests.crash.controls import CONTROLS, TRUSTED_CLOCK, Control
from tests.crash.outcomes import ALL, spread
from tests.repeats import times

SCHEDULES = int(os.environ.get("OORT_CRASH_SCHEDULES", times(600, least=120)))
ENOUGH = 400  # schedules in which each control must have failed


@pytest.mark.crash
@pytest.mark.timeout(60 + SCHEDULES)
def test_no_schedule_with_crashes_breaks_a_law() -> None:
    summary = spread(simulation.run, range(SCHEDULES))
    print(summary)  # noqa: T201  `make crash` shows it
    assert summary.faulty == []
    assert summary.runs == SCHEDULES
    assert summary.crashes[ALL] >= SCHEDULES
    assert POINTS.keys() - summary.crashes.keys() == set()


@pytest.mark.crash
@pytest.mark.timeout(60 + SCHEDULES)
def test_no_schedule_breaks_a_law_while_somebody_sets_the_wall_clock_by_forty_days() -> None:
    summary = spread(simulation.run_with_jumps, range(SCHEDULES // 4))
    print(summary)  # noqa: T201  `make crash` shows it
    assert summary.faulty == []
    assert summary.crashes[ALL] >= SCHEDULES // 4


def test_a_platform_that_trusts_the_wall_clock_breaks_a_law() -> None:
    seeds = range(ENOUGH)
    runs = (simulation.Simulation(seed, control=TRUSTED_CLOCK, jumps=True) for seed in seeds)
    assert any(run.run().faults for run in runs)


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.name)
def test_a_platform_that_leaves_something_out_breaks_a_law(control: Control) -> None:
    runs = (simulation.Simulation(seed, control=control).run() for seed in range(ENOUGH))
    broken = next((outcome for outcome in runs if outcome.faults), None)
    assert broken is not None, f"{ENOUGH} schedules did not notice it: {control.name}"


def test_a_seed_makes_the_same_run_again() -> None:
    first, second = simulation.run(7), simulation.run(7)
    assert first.story == second.story
    assert any("crash" in step for step in first.story)
    assert simulation.run(8).story != first.story
