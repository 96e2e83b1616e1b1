"""Passes over an event's content and calls of one sign-up, as ceilings: lower one when a change makes less of it."""

import json
import subprocess
import sys

import pytest

from benchmarks.passes import ROOT, Report

# Passes are exact. Calls have some room, for code that moves: the test does not fail for a function more.
CEILINGS = {
    "engine": Report(post_calls=367, delivery_calls=747, passes=6),
    "aws": Report(post_calls=374, delivery_calls=598, passes=10),
}


@pytest.fixture(scope="module")
def counted() -> dict[str, Report]:
    """The numbers of a process of its own: what encodes must be watched from before Oort is loaded."""
    command = [sys.executable, "-m", "benchmarks.passes", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    return {name: Report(**numbers) for name, numbers in json.loads(done.stdout).items()}


@pytest.mark.parametrize("target", CEILINGS)
def test_an_event_is_passed_over_no_more_often_than_it_was(
    target: str, counted: dict[str, Report]
) -> None:
    assert counted[target].passes <= CEILINGS[target].passes
    assert counted[target].passes == CEILINGS[target].passes, "It became less: lower the ceiling."


@pytest.mark.parametrize("target", CEILINGS)
def test_a_sign_up_makes_no_more_calls_than_it_did(target: str, counted: dict[str, Report]) -> None:
    assert counted[target].post_calls <= CEILINGS[target].post_calls
    assert counted[target].delivery_calls <= CEILINGS[target].delivery_calls


@pytest.mark.parametrize("target", CEILINGS)
def test_what_encodes_is_seen_at_all(target: str, counted: dict[str, Report]) -> None:
    """A count of nothing would be below every ceiling: encode, check, carry and decode are four at the least."""
    assert counted[target].passes >= 4
    assert counted[target].post_calls > 100
