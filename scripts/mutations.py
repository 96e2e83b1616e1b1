"""Faults that a test must notice: each is made in a copy of `src`, and the test beside it must fail there.

Usage: mutations.py [WORD ...]. `make mutations` runs all. A fault that nobody notices, or one whose text is no longer in the file, fails the run.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FAILED = 1  # pytest's exit code when tests ran and some failed; a broken import or an unknown test has another
SECONDS = 120


@dataclass(frozen=True, slots=True)
class Mutation:
    """One fault: the text in a file of `src/oort`, what stands there instead, and the test that must fail."""

    name: str
    file: str
    old: str
    new: str
    test: str


MUTATIONS = (
    Mutation(
        "an inbox mark never expires",
        "engine/services/transactions.py",
        "SET expires = excluded.expires WHERE expires <= ?",
        "SET expires = excluded.expires WHERE expires <= ? AND 0",
        "tests/unit/engine/services/test_transactions.py::test_an_expired_mark_that_has_not_gone_yet_is_no_mark",
    ),
    Mutation(
        "the last attempt on Lambda waits",
        "aws/invoking/batches.py",
        "after=after * (not last)",
        "after=after",
        "tests/unit/aws/invoking/test_invoking.py::test_a_failed_message_waits_but_after_its_last_attempt_it_dies_at_once",
    ),
    Mutation(
        "no HSTS header on Lambda",
        "aws/invoking/requests.py",
        "*origins, _TLS_ONLY, ",
        "*origins, ",
        "tests/unit/aws/invoking/test_invoking.py::test_every_reply_tells_browsers_to_use_tls_alone",
    ),
    Mutation(
        "a call on AWS begins a trace of its own",
        "aws/invoking/calls.py",
        "above = identifiers.parent_of(call.traceparent) or parts.new_trace()",
        "above = parts.new_trace()",
        "tests/unit/aws/invoking/test_invoking.py::test_a_call_goes_on_with_the_trace_of_its_caller",
    ),
    Mutation(
        "the variable of calls is renamed on one side",
        "rules/cloud/deployed.py",
        'variables.get(_CALLS, "")',
        'variables.get("OORT_ANSWERS", "")',
        "tests/unit/rules/cloud/test_deployed.py::test_a_function_reads_what_was_written",
    ),
    Mutation(
        "memory of a stage is unchecked",
        "app/loading/stages.py",
        "settings.memory not in MEMORY",
        "False",
        "tests/unit/app/loading/test_stages.py::test_memory_is_within_what_lambda_has",
    ),
    Mutation(
        "the region of a stage is unchecked",
        "app/loading/stages.py",
        "not _REGION.fullmatch(settings.region)",
        "False",
        "tests/unit/app/loading/test_stages.py::test_a_region_must_look_like_one",
    ),
    Mutation(
        "reserved variables of a stage are unchecked",
        "app/loading/stages.py",
        "variable.startswith(_TAKEN) and variable != _ENDPOINTS",
        "False",
        "tests/unit/app/loading/test_stages.py::test_a_variable_may_not_be_one_of_others_and_must_be_one_for_lambda",
    ),
    Mutation(
        "a reader goes back into the pool with a transaction open",
        "engine/store/group.py",
        "if not connection.in_transaction:\n            with self._giving_back:",
        "if True:\n            with self._giving_back:",
        "tests/unit/engine/store/test_group.py::"
        "test_a_transaction_that_a_read_left_open_keeps_no_later_read_in_the_past",
    ),
    Mutation(
        "the scheduler's role serves every account",
        "cloudformation/constructs/roles.py",
        "_role(logical_id, service, description, only, policy(statements))",
        "_role(logical_id, service, description, {}, policy(statements))",
        "tests/unit/cloudformation/constructs/test_roles.py::"
        "test_a_service_that_acts_for_many_accounts_acts_for_this_one_only",
    ),
    Mutation(
        "the schedules' role is one for every account",
        "cloudformation/constructs/schedules.py",
        "yield account_role(",
        "from oort.cloudformation.constructs.roles import role\n    yield role(",
        "tests/unit/cloudformation/constructs/test_schedules.py::test_the_role_of_schedules_serves_this_account_alone",
    ),
)


def survivor(mutation: Mutation, source: Path) -> str:
    """Why the mutation was not noticed; empty if its test failed."""
    file = source / "oort" / mutation.file
    before = file.read_text(encoding="utf-8")
    if before.count(mutation.old) != 1:
        return f"{mutation.old!r} stands {before.count(mutation.old)} times in {mutation.file}"
    write(file, before.replace(mutation.old, mutation.new))
    try:
        done = run(mutation.test, source)
    finally:
        write(file, before)
    if done.returncode == FAILED:
        return ""
    return f"{mutation.test} ended with {done.returncode}, not {FAILED}:\n{done.stdout[-2000:]}"


def write(file: Path, text: str) -> None:
    """Change the file; Python must not take what it compiled before."""
    file.write_text(text, encoding="utf-8")
    Path(importlib.util.cache_from_source(str(file))).unlink(missing_ok=True)


def run(test: str, source: Path) -> "subprocess.CompletedProcess[str]":
    """Run one test against the copy."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--no-header", test]
    environment = {**os.environ, "PYTHONPATH": str(source)}
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def main(words: list[str]) -> int:
    """Make each mutation, or those whose name holds one of the words; 1 if one survives."""
    survivors = 0
    chosen = [one for one in MUTATIONS if not words or any(word in one.name for word in words)]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "src"
        shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
        for mutation in chosen:
            started = time.monotonic()
            reason = survivor(mutation, source)
            survivors += bool(reason)
            print(
                f"{time.monotonic() - started:5.1f} s  {'SURVIVES' if reason else 'noticed '}  {mutation.name}"
            )
            if reason:
                print(f"         {reason}")
    print(f"{len(chosen)} mutations, {survivors} survive.")
    return int(bool(survivors))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
