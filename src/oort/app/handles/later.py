"""Parts of the language that are typed already and run in a later release.

Their use is a mistake at load time.
"""

from datetime import timedelta
from typing import Generic

import msgspec

from oort.app.handles.actions import Can, Get, Put, T
from oort.model.errors import InvalidUse, Mistake, Source

_WHAT = "not run by this release"


def mistake(source: Source, what: str) -> Mistake:
    """Return the mistake for a part that this release does not run."""
    return Mistake(
        source,
        "language.later",
        f"{what} is {_WHAT}.",
        "docs/limits.md lists what this release runs.",
    )


def _refuse(what: str) -> InvalidUse:
    return InvalidUse(f"{what} is {_WHAT}.", "docs/limits.md lists what this release runs.")


class Later:
    """The base of handles that this release does not run."""


class Bucket(Later, Generic[Can]):
    """Files by key, declared with `@service.bucket`. This release does not run buckets."""

    def read(self: "Bucket[Get]", key: str) -> bytes:
        """Return the content of the file."""
        raise _refuse("Bucket.read")

    def write(
        self: "Bucket[Put]",
        key: str,
        data: bytes,
        *,
        content_type: str = "application/octet-stream",
    ) -> None:
        """Write the complete file."""
        raise _refuse("Bucket.write")

    def upload_link(self: "Bucket[Put]", key: str, *, expires: timedelta, max_bytes: int) -> str:
        """Return a link by which its holder can upload a file."""
        raise _refuse("Bucket.upload_link")

    def download_link(self: "Bucket[Get]", key: str, *, expires: timedelta) -> str:
        """Return a link by which its holder can download a file."""
        raise _refuse("Bucket.download_link")


class Upload(msgspec.Struct):
    """A file that was uploaded to a bucket."""

    key: str
    size: int


class Changed(msgspec.Struct, Generic[T]):
    """A change of an item: the item before and after the change."""

    old: T | None
    new: T | None
