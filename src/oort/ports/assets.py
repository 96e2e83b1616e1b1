"""Assets: what stacks are made of and do not hold themselves, such as the archives of functions."""

from collections.abc import Callable
from typing import Protocol


class Assets(Protocol):
    """A private, encrypted store of files. Most names are made of the content: what is `put` there is never written again.

    What is told by a name of its own is `replace`d, and read back with `get`; the last one who replaces it wins.
    """

    def holds(self, key: str) -> bool:
        """Whether the file is there."""

    def get(self, key: str) -> bytes | None:
        """The whole file, as it was replaced last; None if it is not there."""

    def put(self, key: str, content: Callable[[], bytes]) -> bool:
        """Make sure that the file is there; False if it was, and then the content is not asked for."""

    def replace(self, key: str, content: bytes) -> None:
        """Write the file, whether or not it is there."""

    def url(self, key: str) -> str:
        """Where CloudFormation finds the file."""
