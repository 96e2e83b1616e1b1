"""P7: neither a power cut nor a full disk loses what was acknowledged or leaves a part of a transaction.

The disk is simulated: after the cut, writes that were not synced are lost, torn or out of order (tests/crash/power.py). A seed that breaks
a law is shown by `python -m tests.crash.cuts SEED`. OORT_CRASH_CUTS makes it longer.
"""

import os
import random
from pathlib import Path

import apsw
import pytest

from tests.crash import cuts, power
from tests.crash.outcomes import ALL, spread
from tests.repeats import times

CUTS = int(os.environ.get("OORT_CRASH_CUTS", times(300, least=60)))
ENOUGH = 40  # runs in which each control must have failed
OPERATIONS = {
    "cut: write log",
    "cut: sync log",
    "cut: write database",
    "cut: nothing was under way",
}


@pytest.mark.crash
@pytest.mark.timeout(60 + CUTS)
def test_no_power_cut_breaks_a_law() -> None:
    summary = spread(cuts.run, range(CUTS))
    print(summary)  # noqa: T201  `make crash` shows it
    assert summary.faulty == []
    assert summary.runs == CUTS
    assert summary.crashes[ALL] == cuts.ROUNDS * CUTS
    assert summary.crashes.keys() >= OPERATIONS
    assert summary.places["acknowledged"] > CUTS


@pytest.mark.crash
@pytest.mark.timeout(60 + CUTS)
def test_no_full_disk_breaks_a_law() -> None:
    summary = spread(cuts.run_filling, range(CUTS // 3))
    print(summary)  # noqa: T201  `make crash` shows it
    assert summary.faulty == []
    assert summary.crashes["a full disk"] >= CUTS // 3


def broken(
    *, lies: bool = False, synchronous: str = cuts.FULL, swallows: bool = False
) -> list[str]:
    runs = (
        cuts.Cuts(seed, lies=lies, synchronous=synchronous, swallows=swallows).run()
        for seed in range(ENOUGH)
    )
    return next((outcome.faults for outcome in runs if outcome.faults), [])


def test_a_disk_that_swallows_writes_when_it_is_full_breaks_a_law() -> None:
    assert broken(swallows=True) != []


def test_a_disk_that_lies_about_its_syncs_loses_what_was_acknowledged() -> None:
    assert any("was acknowledged and is gone" in fault for fault in broken(lies=True))


def test_a_store_that_syncs_at_checkpoints_only_loses_what_was_acknowledged() -> None:
    faults = broken(synchronous=cuts.NORMAL)
    assert any("was acknowledged" in fault for fault in faults)


def test_a_seed_cuts_at_the_same_operation_again() -> None:
    assert cuts.run(5).story == cuts.run(5).story


def written(disk: power.Disk, folder: Path) -> None:
    """One row that is synced and one that is not."""
    connection = apsw.Connection(str(folder / "some.db"), vfs=power.connect(disk))
    for statement in (
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "CREATE TABLE t(x)",
        "INSERT INTO t VALUES('synced')",
        "PRAGMA synchronous = NORMAL",
        "INSERT INTO t VALUES('lost')",
    ):
        connection.execute(statement).fetchall()
    disk.cut()
    connection.close()


def test_the_disk_loses_what_was_not_synced_and_keeps_what_was(tmp_path: Path) -> None:
    seen = set[tuple[str, ...]]()
    for seed in range(20):
        before, after = tmp_path / f"{seed}", tmp_path / f"{seed} after"
        before.mkdir()
        after.mkdir()
        disk = power.Disk(random.Random(seed))
        written(disk, before)
        power.restore(disk.cut(), after)
        connection = apsw.Connection(str(after / "some.db"))
        seen.add(tuple(row[0] for row in connection.execute("SELECT x FROM t")))
        connection.close()
    assert seen == {("synced",), ("synced", "lost")}
