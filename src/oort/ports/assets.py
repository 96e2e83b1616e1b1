"""Assets: files that stacks refer to and do not contain, such as the archives of functions."""

from collections.abc import Callable
from typing import Protocol


class Assets(Protocol):
    """A private, encrypted store of files.

    Most keys are made of the content; these files never change.

    Files with a fixed key are overwritten with `replace` and read with `get`; the last writer wins.
    """

    def holds(self, key: str) -> bool:
        """True if the file exists."""

    def get(self, key: str) -> bytes | None:
        """Return the complete file, as last replaced; None if there is no such file."""

    def put(self, key: str, content: Callable[[], bytes]) -> bool:
        """Make sure that the file exists.

        False if it existed before; then `content` is not called.
        """

    def replace(self, key: str, content: bytes) -> None:
        """Write the file, over an existing file too."""

    def url(self, key: str) -> str:
        """Return the address from which CloudFormation reads the file."""
