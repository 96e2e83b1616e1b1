"""The claim on an e-mail address holds under concurrency: fifty identical sign-ups at once are one account and 49 conflicts.

Through a real process, real sockets and threads; then the same platform refuses what it must while it runs.
"""

import http.client
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.crash.client import get, pages
from tests.crash.processes import Process, free_port, until
from tests.crash.trial import support_token

DEV = ["-c", "from oort.cli import main; main()", "dev", "apps/cometbid"]
pytestmark = pytest.mark.serial


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Process]:
    """The reference platform as a process of its own, stopped politely."""
    process = Process(DEV, port=free_port(), state=tmp_path / "state")
    yield process
    assert process.stop() == 0, process.log.read_text()


def sign_up(port: int, email: str) -> int:
    """The status of one sign-up."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        body = json.dumps({"email": email, "country": "NO"})
        connection.request("POST", "/accounts", body, {"content-type": "application/json"})
        return connection.getresponse().status
    finally:
        connection.close()


def test_fifty_identical_sign_ups_give_one_account_and_49_conflicts(
    running: Process, tmp_path: Path
) -> None:
    with ThreadPoolExecutor(50) as threads:
        statuses = Counter(
            threads.map(lambda _: sign_up(running.port, "ada@example.com"), range(50))
        )
    assert statuses == {201: 1, 409: 49}
    token = support_token(tmp_path / "state")
    assert len(pages(running.port, "/accounts", token)) == 1
    until(lambda: len(pages(running.port, "/email/sent", token)) == 1, "the welcome was sent")
    until(
        lambda: len(pages(running.port, "/onboarding/workspaces", token)) == 1,
        "the workspace exists",
    )
    assert (tmp_path / "outbox.jsonl").read_text().count("ada@example.com") == 1


def test_a_second_oort_dev_on_the_same_state_and_a_port_in_use_are_one_sentence(
    running: Process, tmp_path: Path
) -> None:
    same_state = [sys.executable, *DEV, "--state", str(tmp_path / "state"), "--port", "0"]
    second = subprocess.run(same_state, capture_output=True, text=True, check=False, timeout=60)
    assert second.returncode == 1
    assert "is in use by a running platform (process" in second.stderr
    same_port = [
        sys.executable,
        *DEV,
        "--state",
        str(tmp_path / "other"),
        "--port",
        str(running.port),
    ]
    third = subprocess.run(same_port, capture_output=True, text=True, check=False, timeout=60)
    assert third.returncode == 1
    assert f"Port {running.port}" in third.stderr
    assert "Traceback" not in second.stderr + third.stderr


def test_the_platform_answers_after_a_start_on_existing_state(
    running: Process, tmp_path: Path
) -> None:
    assert sign_up(running.port, "ada@example.com") == 201
    assert running.stop() == 0
    again = Process(DEV, port=free_port(), state=tmp_path / "state")
    try:
        assert sign_up(again.port, "ada@example.com") == 409
        assert get(again.port, "/accounts", support_token(tmp_path / "state"))["next"] is None
    finally:
        assert again.stop() == 0
