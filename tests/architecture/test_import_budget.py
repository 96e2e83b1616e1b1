"""`import oort` is the cold start of every function: it must stay small, whatever else the platform grows."""

import json
import subprocess
import sys
from functools import cache

NEVER_LOADED = frozenset({
    "apsw", "asyncio", "boto3", "botocore", "click", "cryptography", "httptools", "jwt", "logging", "pydantic",
    "sqlite3", "uvicorn", "uvloop",
})  # fmt: skip
OTHERS_AT_MOST = 100
OURS_AT_MOST = 45


@cache
def loaded(statement: str) -> frozenset[str]:
    """The modules that a fresh interpreter holds after ``statement``."""
    program = (
        f"{statement}\nimport sys\nnames = list(sys.modules)\nimport json\nprint(json.dumps(names))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    )
    names: list[str] = json.loads(done.stdout)
    return frozenset(names)


def added_by_oort() -> frozenset[str]:
    return loaded("import oort") - loaded("")


def is_ours(name: str) -> bool:
    return name == "oort" or name.startswith("oort.")


def test_importing_oort_loads_nothing_heavy() -> None:
    assert {name.partition(".")[0] for name in added_by_oort()} & NEVER_LOADED == set()


def test_importing_oort_loads_at_most_a_hundred_modules_of_others() -> None:
    others = sorted(name for name in added_by_oort() if not is_ours(name))
    assert len(others) <= OTHERS_AT_MOST, others


def test_importing_oort_loads_at_most_forty_five_modules_of_ours() -> None:
    ours = sorted(name for name in added_by_oort() if is_ours(name))
    assert "oort" in ours
    assert len(ours) <= OURS_AT_MOST, ours


def test_the_entry_of_lambda_loads_nothing_heavy_before_it_is_needed() -> None:
    """`logging` is Lambda's own bootstrap's; botocore comes with the first request to AWS."""
    added = loaded("import oort.aws.entry") - loaded("")
    assert {name.partition(".")[0] for name in added} & NEVER_LOADED == set()
    assert "oort.engine" not in added
    assert "oort.cli" not in added


def test_the_budget_would_notice_a_heavy_import() -> None:
    assert "sqlite3" in loaded("import sqlite3") - loaded("")
