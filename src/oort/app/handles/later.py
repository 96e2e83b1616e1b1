"""Parts of the language that are typed already and run in a later release. Using one is a mistake at load time, never silence."""

from datetime import timedelta
from typing import Generic

import msgspec

from oort.app.handles.actions import Can, Get, Put, T
from oort.model.errors import InvalidUse
from oort.model.sources import Mistake, Source

_WHAT = "not run by this release"


def mistake(source: Source, what: str) -> Mistake:
    """The refusal of a part that is not run yet."""
    return Mistake(
        source,
        "language.later",
        f"{what} is {_WHAT}.",
        "docs/limits.md lists what this release runs.",
    )


def _refuse(what: str) -> InvalidUse:
    return InvalidUse(f"{what} is {_WHAT}.", "docs/limits.md lists what this release runs.")


class Later:
    """The base of handles that are not run by this release."""


class Bucket(Later, Generic[Can]):
    """Files by key. Declared with `@service.bucket`; not run by this release."""

    def read(self: "Bucket[Get]", key: str) -> bytes:
        """The file's bytes."""
        raise _refuse("Bucket.read")

    def write(
        self: "Bucket[Put]",
        key: str,
        data: bytes,
        *,
        content_type: str = "application/octet-stream",
    ) -> None:
        """Write the file whole."""
        raise _refuse("Bucket.write")

    def upload_link(self: "Bucket[Put]", key: str, *, expires: timedelta, max_bytes: int) -> str:
        """A link that lets its holder upload one file."""
        raise _refuse("Bucket.upload_link")

    def download_link(self: "Bucket[Get]", key: str, *, expires: timedelta) -> str:
        """A link that lets its holder download one file."""
        raise _refuse("Bucket.download_link")


class Upload(msgspec.Struct):
    """A file that was uploaded to a bucket."""

    key: str
    size: int


class Changed(msgspec.Struct, Generic[T]):
    """A change of an item: what it was, and what it is."""

    old: T | None
    new: T | None
