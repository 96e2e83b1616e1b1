"""Revoked tokens that have not expired: their ids and ends, never the tokens.

The issuer checks this list for every request, at the cost of one `stat`. A revocation is durable
when `add` returns.
"""

from datetime import datetime
from pathlib import Path

from oort.engine.state import shared_files
from oort.engine.state.shared_files import SharedFile

FILE = "revoked-tokens"
_SWEEP = 1_000  # lines, after which those of ended tokens are taken out


class Revocations:
    """The list in a folder; without a folder, in memory, for tests."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._memory: dict[str, int] = {}
        self._file = SharedFile((folder or Path()) / FILE, _parsed)

    def __contains__(self, token_id: object) -> bool:
        return token_id in self.ends()

    def ends(self) -> dict[str, int]:
        """Return the ends of the revoked tokens by their ids: a new dictionary after each change."""
        return self._memory if self._folder is None else self._file.value()

    def add(self, token_id: str, *, ends: int, now: datetime) -> None:
        """Revoke the token; `ends` is its expiry in Unix time. StateUnusable if the write fails."""
        if self._folder is None:
            self._memory = {**self._memory, token_id: ends}
            return
        with shared_files.alone(self._folder):
            revoked = self.ends()
            if len(revoked) >= _SWEEP and 2 * len(_alive(revoked, now)) < len(revoked):
                shared_files.replace(self._file.path, _lines(_alive(revoked, now)))
            shared_files.append(self._file.path, _lines({token_id: ends}))


def _alive(ends: dict[str, int], now: datetime) -> dict[str, int]:
    return {token_id: end for token_id, end in ends.items() if end > now.timestamp()}


def _lines(ends: dict[str, int]) -> bytes:
    """Begin with a line break, so that an incomplete last line is not continued."""
    return "".join(f"\n{end} {token_id}\n" for token_id, end in ends.items()).encode()


def _parsed(data: bytes) -> dict[str, int]:
    """Parse the complete lines. An incomplete line was never acknowledged."""
    complete = data.decode().split("\n")[:-1]
    pairs = (line.partition(" ") for line in complete if line)
    return {token_id: int(end) for end, _, token_id in pairs}
