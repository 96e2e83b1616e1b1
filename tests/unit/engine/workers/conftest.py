"""Room for the memory of the test process, which every worker begins with."""

import resource
from pathlib import Path

import pytest

from oort.model import limits

_STATUS = Path("/proc/self/statm")


@pytest.fixture(autouse=True)
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a worker take as much as usual beyond the memory of this process: late in a long run that is 500 MiB."""
    if _STATUS.exists():
        here = int(_STATUS.read_text().split()[1]) * resource.getpagesize()
        monkeypatch.setattr(limits, "WORKER_MEMORY", limits.WORKER_MEMORY + min(here, 400 << 20))
