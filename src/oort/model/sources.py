"""Where a declaration stands in the user's code, and what is wrong with it. The loader fills both; the CLI prints them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """A place in the user's code."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One thing the loader refuses: where it is, what is wrong, and what to write instead."""

    source: Source
    code: str
    what: str
    instead: str

    def __str__(self) -> str:
        return f"{self.source}: {self.what}\n    {self.instead} [{self.code}]"
