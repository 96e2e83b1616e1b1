"""Records what each test costs, in seconds of wall time and of CPU, its child processes included; read by `make fast`.

The figures of a run are merged into `.cache/test-costs.json`, so that it holds the latest of every test that ever ran.
"""

import json
import os
import resource
import time
from collections.abc import Generator
from pathlib import Path
from typing import NamedTuple

import pytest

GROUPS = ("serial", "architecture")  # of tests that share a worker
FILE = Path(__file__).resolve().parents[1] / ".cache" / "test-costs.json"


class Cost(NamedTuple):
    """Seconds of one test, with its set-up and its teardown."""

    wall: float
    cpu: float


def read(file: Path = FILE) -> dict[str, Cost]:
    """The recorded costs by the id of a test; none if nothing was recorded yet."""
    try:
        recorded: dict[str, list[float]] = json.loads(file.read_text(encoding="utf-8"))
        return {test: Cost(*seconds) for test, seconds in recorded.items()}
    except (FileNotFoundError, ValueError, TypeError):  # a file that is damaged is written anew
        return {}


def write(costs: dict[str, Cost], file: Path = FILE) -> None:
    file.parent.mkdir(exist_ok=True)
    lines = ",\n".join(
        f"{json.dumps(test)}: {json.dumps(cost)}" for test, cost in sorted(costs.items())
    )
    temporary = file.with_suffix(f".{os.getpid()}")  # another run may read at this moment
    temporary.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    temporary.replace(file)


def cpu_seconds() -> float:
    """User and system time of this process and of the children it has waited for."""
    usage = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(part.ru_utime + part.ru_stime for part in usage)


def without_group(test: str) -> str:
    """The id of a test as pytest takes it; xdist adds the group to it."""
    return next(
        (test.removesuffix(f"@{group}") for group in GROUPS if test.endswith(f"@{group}")), test
    )


class Recorder:
    """A pytest plugin: workers measure, and whoever runs the session writes."""

    def __init__(self) -> None:
        self._started = Cost(0, 0)
        self._costs: dict[str, Cost] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self) -> None:
        self._started = Cost(time.perf_counter(), cpu_seconds())

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if call.when == "teardown":
            spent = time.perf_counter() - self._started.wall, cpu_seconds() - self._started.cpu
            report.user_properties.append(("cost", [round(seconds, 3) for seconds in spent]))
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, value in report.user_properties:
            if name == "cost" and isinstance(value, list):
                self._costs[without_group(report.nodeid)] = Cost(*value)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if not hasattr(session.config, "workerinput") and self._costs:
            write(read() | self._costs)
