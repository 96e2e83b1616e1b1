"""Parts of the language that are typed already and run in a later release. Using one is a mistake at load time, never silence."""

from collections.abc import Callable
from datetime import timedelta
from typing import Generic

import msgspec

from oort.app.actions import Get, Put
from oort.app.places import caller
from oort.app.variables import Can, D, M, R, T
from oort.model.errors import InvalidUse
from oort.model.sources import Mistake, Source

_WHAT = "not run by this release"


def mistake(source: Source, what: str) -> Mistake:
    """The refusal of a part that is not run yet."""
    return Mistake(source, "language.later", f"{what} is {_WHAT}.", "docs/limits.md lists what this release runs.")


def _refuse(what: str) -> InvalidUse:
    return InvalidUse(f"{what} is {_WHAT}.", "docs/limits.md lists what this release runs.")


class Bucket(Generic[Can]):
    """Files by key. Declared with `@service.bucket`; not run by this release."""

    def read(self: "Bucket[Get]", key: str) -> bytes:
        """The file's bytes."""
        raise _refuse("Bucket.read")

    def write(self: "Bucket[Put]", key: str, data: bytes, *, content_type: str = "application/octet-stream") -> None:
        """Write the file whole."""
        raise _refuse("Bucket.write")

    def upload_link(self: "Bucket[Put]", key: str, *, expires: timedelta, max_bytes: int) -> str:
        """A link that lets its holder upload one file."""
        raise _refuse("Bucket.upload_link")

    def download_link(self: "Bucket[Get]", key: str, *, expires: timedelta) -> str:
        """A link that lets its holder download one file."""
        raise _refuse("Bucket.download_link")


class Secret(Generic[T]):
    """A secret fetched at run time. Declared with `@service.secret`; not run by this release."""

    def value(self) -> T:
        """The value as it is now."""
        raise _refuse("Secret.value")


class Call(Generic[M, R]):
    """A declared call to another service. Declared with `@call`; not run by this release."""

    def __call__(self, request: M) -> R:
        """Ask and wait for the answer."""
        raise _refuse("A call between services")


def call(name: str, *, timeout: timedelta = timedelta(seconds=5), idempotent: bool = False) -> Callable[[D], D]:
    """Name a call class in a `contracts` module. A service that answers or uses it is refused by this release."""
    source = caller()

    def decorate(cls: D) -> D:
        cls.__oort_later__ = mistake(source, f"The call {name}")  # type: ignore[attr-defined]
        return cls

    return decorate


class Upload(msgspec.Struct):
    """A file that was uploaded to a bucket."""

    key: str
    size: int


class Changed(msgspec.Struct, Generic[T]):
    """A change of an item: what it was, and what it is."""

    old: T | None
    new: T | None
