"""Tokens that must not be accepted any more although their time is not over: ids and ends, never the tokens themselves.

The issuer asks it for every request, so a look is one call of `stat`; a revocation is durable when it returns.
"""

import os
from datetime import datetime
from pathlib import Path

from oort.engine.state import shared_files
from oort.engine.state.shared_files import SharedFile

FILE = "revoked-tokens"
_SWEEP = 1_000  # lines, after which those of ended tokens are taken out


class Revocations:
    """The list in a folder; with None for the folder it is kept in memory, for tests."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._memory: dict[str, int] = {}
        self._file = SharedFile((folder or Path()) / FILE, _parsed)

    def __contains__(self, token_id: object) -> bool:
        return token_id in self._ends()

    def add(self, token_id: str, *, ends: int, now: datetime) -> None:
        """Revoke the token, whose life ends at that Unix time. StateUnusable if that cannot be written."""
        if self._folder is None:
            self._memory[token_id] = ends
            return
        with shared_files.alone(self._folder):
            known = self._ends()
            if len(known) >= _SWEEP and 2 * len(_alive(known, now)) < len(known):
                shared_files.replace(self._file.path, _lines(_alive(known, now)))
            try:
                shared_files.write(
                    self._file.path, _lines({token_id: ends}), flags=os.O_CREAT | os.O_APPEND
                )
            except OSError as error:
                raise shared_files.unusable(self._file.path, error) from error

    def _ends(self) -> dict[str, int]:
        return self._memory if self._folder is None else self._file.value()


def _alive(ends: dict[str, int], now: datetime) -> dict[str, int]:
    return {token_id: end for token_id, end in ends.items() if end > now.timestamp()}


def _lines(ends: dict[str, int]) -> bytes:
    """With a line break in front too, so that nothing is joined to a line that a kill cut off."""
    return "".join(f"\n{end} {token_id}\n" for token_id, end in ends.items()).encode()


def _parsed(data: bytes) -> dict[str, int]:
    """Every whole line; one that a kill cut off was never acknowledged."""
    whole = data.decode().split("\n")[:-1]
    pairs = (line.partition(" ") for line in whole if line)
    return {token_id: int(end) for end, _, token_id in pairs}
