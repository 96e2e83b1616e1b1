"""P7: worker processes that are killed, hang, leak, flood their connection or end lose nothing and disturb nobody else.

A platform works under load while its workers are hurt by their own handlers and from outside: tests/crash/hurt.py. The ledger is what
clients noted. OORT_CRASH_HURTS is the number of orders.
"""

import os
import sys
from pathlib import Path

import pytest

from tests.crash.careless import EVERYTHING
from tests.crash.hurt import Trial
from tests.repeats import times

ORDERS = int(os.environ.get("OORT_CRASH_HURTS", times(120, least=24)))
MANY = 1000  # orders from which the trial waits until idle processes have ended
SERVE = ["-c", "from oort.cli import main; main()", "serve"]
CARELESS = ["-m", "tests.crash.careless", EVERYTHING, "serve"]

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc"),
]


@pytest.mark.timeout(180 + ORDERS)
def test_hurt_workers_lose_nothing_and_disturb_nobody_else(tmp_path: Path) -> None:
    result = Trial(SERVE, tmp_path).run(
        ORDERS, costly=max(1, ORDERS // 150), patient=ORDERS >= MANY
    )
    print(result)  # noqa: T201  `make crash` shows it
    assert result.faults == []
    assert result.hurts > 0
    assert result.ledger.signals["SIGKILL"] > 0
    assert len(result.ledger.acknowledged) == ORDERS + 1


@pytest.mark.timeout(180)
def test_a_platform_that_protects_nobody_from_hurt_workers_breaks_three_laws(
    tmp_path: Path,
) -> None:
    # A kill from outside would end the worker that hangs.
    faults = "\n".join(Trial(CARELESS, tmp_path, harms=False).run(24, costly=2).faults)
    assert "will never happen for" in faults  # a lost delivery counted as done
    assert "processes and descriptors at the start" in faults  # pipes stayed open
    assert "the platform ended with status 1" in faults  # processes that hang were not killed
