"""Python calls of a read through the server, as ceilings: lower one when a change makes less of it."""

import json
import subprocess
import sys

import pytest

from benchmarks.calls import ROOT

# With some room: threads that wake each other make a few calls more or less in each run. The broker's
# part holds the operation too: about 30 calls, which were on the handler's side while that was a thread.
CEILINGS = {"broker": 140, "handler": 140}


@pytest.fixture(scope="module")
def counted() -> dict[str, float]:
    """The numbers of a process of its own, since every thread of it is profiled."""
    command = [sys.executable, "-m", "benchmarks.calls", "--json"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    numbers: dict[str, float] = json.loads(done.stdout)
    return numbers


@pytest.mark.parametrize("part", CEILINGS)
def test_a_read_makes_no_more_calls_than_it_did(part: str, counted: dict[str, float]) -> None:
    assert counted[part] <= CEILINGS[part]


def test_the_calls_of_the_server_are_seen_at_all(counted: dict[str, float]) -> None:
    assert counted["broker"] > 40
