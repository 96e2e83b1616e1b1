"""P7: SIGKILL at any time loses nothing that was acknowledged, and repeats no effect inside atomic().

Every platform here is a process of its own, killed while at least ten deliveries are unfinished; what the client noted and
what the mail server's file holds is the independent ledger. OORT_CRASH_KILLS makes it longer.
"""

import os
from pathlib import Path

import pytest

from tests.crash.trial import UNFINISHED, Counts, Trial
from tests.repeats import times

KILLS = int(os.environ.get("OORT_CRASH_KILLS", times(10, least=4)))
DEV = ["-c", "from oort.cli import main; main()", "dev", "apps/cometbid", "--no-throttle"]
DUAL_WRITES = ["-m", "tests.crash.without_outbox", "dev", "apps/cometbid", "--no-throttle"]
IN_FLIGHT = (
    2 * 10
)  # environments of one consumer, and mails of one batch: the calls that one kill can make repeat


def lost(counts: Counts) -> int:
    """Deliveries that never happened for an account that exists."""
    return counts.lost_mails + counts.lost_workspaces + max(0, counts.accounts - counts.counted)


@pytest.mark.crash
@pytest.mark.timeout(120 + 20 * KILLS)
def test_kills_in_the_middle_of_deliveries_lose_nothing_and_repeat_nothing_atomic(
    tmp_path: Path,
) -> None:
    counts = Trial(DEV, tmp_path).run(KILLS)
    print(counts)  # noqa: T201  `make crash` shows it
    assert len(counts.unfinished) == KILLS
    assert min(counts.unfinished) >= UNFINISHED
    assert counts.acknowledged >= KILLS * UNFINISHED
    assert counts.defects == 0
    assert counts.lost_accounts == 0
    assert lost(counts) == 0
    assert counts.counted == counts.accounts  # each counted exactly once
    assert counts.messages == counts.accounts  # each mail queued exactly once
    assert counts.repeated_calls <= KILLS * IN_FLIGHT


@pytest.mark.crash
@pytest.mark.timeout(300)
def test_without_the_outbox_the_same_kills_lose_deliveries(tmp_path: Path) -> None:
    counts = Trial(DUAL_WRITES, tmp_path).run(min(KILLS, 10))
    print(counts)  # noqa: T201  `make crash` shows it
    assert counts.lost_accounts == 0  # the items themselves are durable
    assert lost(counts) > 0
