"""Assets: what stacks are made of and do not hold themselves, such as the archives of functions."""

from collections.abc import Callable
from typing import Protocol


class Assets(Protocol):
    """A private, encrypted store of files whose names are made of their content: one that is there is never written again."""

    def holds(self, key: str) -> bool:
        """Whether the file is there."""

    def put(self, key: str, content: Callable[[], bytes]) -> bool:
        """Make sure that the file is there; False if it was, and then the content is not asked for."""

    def url(self, key: str) -> str:
        """Where CloudFormation finds the file."""
