"""One trial: load, kill while deliveries are unfinished, start again, drain, count. What the counts must be is not its business."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from oort.engine.identity.issuer import Issuer, issuer_url
from oort.runtime.system import SystemClock
from tests.crash.client import Ledger, Load, get, pages
from tests.crash.processes import Process, free_port, until

DEFECTS = ("broke the protocol", "Exception in callback", "AssertionError")
UNFINISHED = 10  # deliveries that must be under way when the process is killed


@dataclass(frozen=True, slots=True)
class Counts:
    """What is there after the last start, and what should be."""

    acknowledged: int
    accounts: int
    unfinished: tuple[int, ...]  # at each kill
    lost_accounts: int  # acknowledged, and gone
    lost_mails: int  # accounts that no mail was sent to
    lost_workspaces: int
    counted: int  # by analytics; more than accounts: an effect inside atomic() was repeated
    messages: int  # different mails that were sent; more than accounts: atomic() queued one twice
    defects: int  # lines of the log that tell of a defect of the engine
    repeated_calls: int  # calls of the outside world beyond the first for a mail

    def __str__(self) -> str:
        lost = self.lost_accounts + self.lost_mails + self.lost_workspaces
        twice = max(0, self.counted - self.accounts) + max(0, self.messages - self.accounts)
        return (
            f"{len(self.unfinished):,} kills, each with at least {min(self.unfinished)} unfinished deliveries; "
            f"{self.acknowledged:,} acknowledged sign-ups, {self.accounts:,} accounts, {self.counted:,} counted, "
            f"{self.messages:,} mails queued; {lost} lost, {twice} effects twice; "
            f"{self.repeated_calls:,} repeated calls of the mail server"
        )


class Trial:
    """A platform that is killed `kills` times."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self._command = command
        self._state = folder / "state"
        self._outbox = folder / "outbox.jsonl"
        self._ledger = Ledger()
        self._calls: list[dict[str, str]] = []  # of the mail server, as far as they were read
        self._sent: set[str] = set()
        self._read = 0  # bytes of the mail server's file

    def run(self, kills: int) -> Counts:
        """Kill and start again so many times, then drain and count."""
        unfinished = tuple(self._round() for _ in range(kills))
        process = self._start()
        try:
            return self._count(process, unfinished)
        finally:
            assert process.stop() == 0, process.log.read_text()

    def _start(self) -> Process:
        return Process(self._command, port=free_port(), state=self._state)

    def _round(self) -> int:
        process = self._start()
        load = Load(process.port, self._ledger)
        begun = len(self._ledger.acknowledged)

        def enough() -> bool:
            fresh = len(self._ledger.acknowledged) - begun
            return fresh >= UNFINISHED and self._unfinished() >= UNFINISHED

        until(enough, f"{UNFINISHED} unfinished deliveries")
        before = self._unfinished()
        process.kill()
        load.stop()
        return before

    def _unfinished(self) -> int:
        """Acknowledged accounts less mails that were sent: both counted outside the platform."""
        self._look()
        return len(set(self._ledger.acknowledged.copy().values()) - self._sent)

    def _look(self) -> None:
        """Read what the mail server has written since the last look."""
        if not self._outbox.exists():
            return
        with self._outbox.open("rb") as file:
            file.seek(self._read)
            lines = file.read().split(b"\n")[:-1]  # the last is not complete
        self._read += sum(len(line) + 1 for line in lines)
        calls = [json.loads(line) for line in lines]
        self._calls += calls
        self._sent |= {call["to"] for call in calls}

    def _count(self, process: Process, unfinished: tuple[int, ...]) -> Counts:
        token = support_token(self._state)
        accounts = {
            str(one["id"]): str(one["email"])
            for one in pages(process.port, "/accounts?limit=100", token)
        }
        self._drain(process, token, accounts)
        self._look()
        calls = self._calls
        owners = _owners(process, token)
        messages = {call["reference"] for call in calls}
        return Counts(
            acknowledged=len(self._ledger.acknowledged),
            accounts=len(accounts),
            unfinished=unfinished,
            lost_accounts=len(self._ledger.acknowledged.keys() - accounts.keys()),
            lost_mails=len(set(accounts.values()) - {call["to"] for call in calls}),
            lost_workspaces=len(accounts.keys() - owners),
            counted=self._counted(process, token),
            messages=len(messages),
            defects=sum(process.log.read_text().count(sign) for sign in DEFECTS),
            repeated_calls=len(calls) - len(messages),
        )

    def _drain(self, process: Process, token: str, accounts: dict[str, str]) -> None:
        """Wait until nothing changes any more: everything arrived, or two looks a second apart see the same."""
        seen = (-1, -1, -1)
        for _ in range(60):
            self._look()
            now = (len(self._sent), self._counted(process, token), len(_owners(process, token)))
            if min(now) >= len(accounts) or now == seen:
                return
            seen = now
            settled = datetime.now(UTC) + timedelta(seconds=1)
            until(lambda settled=settled: datetime.now(UTC) >= settled, "a second")  # type: ignore[misc]

    def _counted(self, process: Process, token: str) -> int:
        today = datetime.now(UTC).date()
        days = (today - timedelta(days=1), today)
        found = [get(process.port, f"/analytics/counts/{day}", token)["items"] for day in days]
        return sum(one["sign_ups"] for items in found if isinstance(items, list) for one in items)


def _owners(process: Process, token: str) -> set[str]:
    """Return the accounts that have a workspace."""
    return {str(one["owner"]) for one in pages(process.port, "/onboarding/workspaces", token)}


def support_token(state: Path) -> str:
    """A token of the platform in this state folder, for a member of the group `support`."""
    return Issuer(state, issuer_url("cometbid"), SystemClock()).issue("trial", ["support"])
