"""Source locations and mistakes of user code.

The loader fills both; the command line prints them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """A source location in the user's code."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """An error in the user's program: its location, the problem, and the fix."""

    source: Source
    code: str
    what: str
    instead: str

    def __str__(self) -> str:
        return f"{self.source}: {self.what}\n    {self.instead} [{self.code}]"
