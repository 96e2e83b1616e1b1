"""P7: a thousand clients that reconnect at once after a kill are all served, and each of their sign-ups happens once.

The platform accepts 512 connections; the others are told to come back. OORT_CRASH_CLIENTS makes the herd larger.
"""

import asyncio
import json
import os
import time
from pathlib import Path

import pytest

from tests.crash.client import pages
from tests.crash.herd import Herd
from tests.crash.processes import Process, free_port, until
from tests.crash.trial import support_token
from tests.repeats import times

CLIENTS = int(os.environ.get("OORT_CRASH_CLIENTS", times(1000, least=200)))
DEV = ["-c", "from oort.cli import main; main()", "dev", "apps/cometbid", "--no-throttle"]
DUAL_WRITES = ["-m", "tests.crash.without_outbox", "dev", "apps/cometbid", "--no-throttle"]
MOST = 120.0  # seconds
QUIET = 5.0  # seconds without a mail after which no further one comes


def kill_under(process: Process, herd: Herd) -> None:
    """Let all clients send together, and kill the platform while they wait for answers."""

    async def run() -> None:
        coming = asyncio.create_task(herd.come(most=MOST))
        await asyncio.wait_for(herd.served.wait(), MOST)
        process.kill()
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)

    asyncio.run(run())


def come_back(herd: Herd) -> None:
    """Let the clients that have no answer yet come back at once."""

    asyncio.run(herd.come(most=MOST))


def lost(command: list[str], folder: Path, *, clients: int) -> tuple[Herd, int]:
    """Kill, start again, serve everybody. Return the herd, and the accounts without a mail in the end."""
    emails = [f"{number}@example.com" for number in range(clients)]
    port, state = free_port(), folder / "state"
    herd = Herd(port, emails)
    kill_under(Process(command, port=port, state=state), herd)
    assert len(herd.ended) < clients
    with Process(command, port=port, state=state) as process:
        come_back(herd)
        token = support_token(state)
        accounts = [str(item["email"]) for item in pages(port, "/accounts?limit=100", token)]
        assert sorted(accounts) == sorted(emails)
        wait_for_mails(folder, set(emails))
        assert process.stop() == 0, process.log.read_text()
    return herd, len(set(emails) - mailed(folder))


def wait_for_mails(folder: Path, emails: set[str]) -> None:
    """Wait until every mail was sent, or no further one was for some seconds."""
    sent, since = mailed(folder), time.monotonic()

    def over() -> bool:
        nonlocal sent, since
        now = mailed(folder)
        if now != sent:
            sent, since = now, time.monotonic()
        return sent >= emails or time.monotonic() - since > QUIET

    until(over, "the mails")


def mailed(folder: Path) -> set[str]:
    """The addresses to which a mail was sent. The last line is empty, or was cut off by the kill."""
    file = folder / "outbox.jsonl"
    lines = file.read_bytes().split(b"\n")[:-1] if file.exists() else []
    return {json.loads(line)["to"] for line in lines}


@pytest.mark.crash
@pytest.mark.timeout(400)
def test_every_client_is_served_and_nothing_is_lost_or_repeated(tmp_path: Path) -> None:
    herd, without_mail = lost(DEV, tmp_path, clients=CLIENTS)
    print(f"{CLIENTS} clients: {dict(herd.statuses)}")  # noqa: T201  `make crash` shows it
    assert len(herd.ended) == CLIENTS
    assert without_mail == 0
    assert herd.statuses["500"] == 0


@pytest.mark.crash
@pytest.mark.timeout(400)
def test_without_the_outbox_the_same_herd_loses_deliveries(tmp_path: Path) -> None:
    _, without_mail = lost(DUAL_WRITES, tmp_path, clients=60)
    assert without_mail > 0
