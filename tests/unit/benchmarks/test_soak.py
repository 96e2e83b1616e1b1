"""The bounds of the soak, its table, and a run of a few seconds with every kind of load."""

import time
from dataclasses import replace

import pytest

from benchmarks import soak
from benchmarks.load import LoadFailed
from benchmarks.soak import Sample, Work

FLAT = Sample(
    at=0, memory=200_000_000, largest=60_000_000, others=140_000_000, descriptors=300, processes=20, log=16_000_000, database=5_000_000,
    waiting=3, inbox=10, requests=100,
)  # fmt: skip


def samples(**growing: float) -> list[Sample]:
    """A hundred samples of ten minutes; each named value becomes larger by that share every sample."""
    return [
        replace(
            FLAT,
            at=6.0 * number,
            **{
                name: int(getattr(FLAT, name) * (1 + rate * number))
                for name, rate in growing.items()
            },
        )
        for number in range(1, 101)
    ]


def test_what_is_flat_is_no_fault() -> None:
    assert soak.faults(samples()) == []


def test_expected_growth_is_no_fault() -> None:
    assert soak.faults(samples(database=1.0, inbox=5.0, waiting=1.0, requests=9.0)) == []


@pytest.mark.parametrize(
    ("growing", "fault"),
    [
        ({"largest": 0.01, "others": 0.003}, "MB of the serving process grew from "),
        ({"others": 0.01}, "MB of each other process grew from "),
        ({"descriptors": 0.01}, "Descriptors of each process grew from "),
        ({"log": 0.05}, "The log of writes had 96 MB."),
        (
            {"processes": 0.05, "others": 0.05, "descriptors": 0.05},
            "There were 120 processes, and ",
        ),
    ],
)
def test_growth_beyond_a_bound_is_named(growing: dict[str, float], fault: str) -> None:
    found = soak.faults(samples(**growing))
    assert len(found) == 1
    assert found[0].startswith(fault)


def test_more_workers_are_no_leak() -> None:
    assert soak.faults(samples(processes=0.01, memory=0.008, descriptors=0.01)) == []


def test_a_little_growth_is_within_the_bounds() -> None:
    assert soak.faults(samples(others=0.0005, largest=0.0005, descriptors=0.0005)) == []


def test_growth_before_the_second_tenth_is_the_start() -> None:
    starting = [
        replace(one, memory=9_000_000, largest=8_000_000, descriptors=5) for one in samples()[:9]
    ]
    assert soak.faults([*starting, *samples()[9:]]) == []


def test_too_few_samples_are_no_success() -> None:
    assert soak.faults([replace(FLAT, at=600.0)]) == ["There are too few samples to judge."]


def test_a_generator_that_fails_is_a_fault_and_the_load_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    monkeypatch.setattr(time, "perf_counter", lambda: now)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    firsts: list[int] = []

    def fire(seconds: float, first: int) -> tuple[int, int, str]:
        nonlocal now
        firsts.append(first)
        now += seconds
        if len(firsts) == 2:
            raise LoadFailed("refused")
        return 7, first + 7, ""

    work = Work(until=25.0)
    work.repeat(fire)
    assert firsts == [0, 7, 7]
    assert (work.requests, work.faults) == (14, ["refused"])


def test_a_short_run_loads_everything() -> None:
    taken, work = soak.run(4, say=lambda _: None)
    last = taken[-1]
    assert work.faults == []
    assert work.requests > 0
    assert last.memory > last.largest > 0
    assert last.descriptors > last.processes > 1
    assert last.log > 0
    assert last.inbox > 0  # consumers have settled messages
    assert len(soak.table(taken).splitlines()) == len(taken) + 1


def test_the_exit_code_tells_growth_and_refusals(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def outcome(taken: list[Sample], *faults: str, requests: int = 5) -> int:
        work = Work(until=0, requests=requests, faults=list(faults))
        monkeypatch.setattr(soak, "run", lambda seconds, say: (taken, work))
        return soak.main(["1"])

    assert outcome(samples()) == 0
    assert "within their bounds" in capsys.readouterr().out
    assert outcome(samples(others=0.01)) == 1
    assert outcome(samples(), "refused") == 1
    assert "refused" in capsys.readouterr().out
    assert outcome(samples(), requests=0) == 1
