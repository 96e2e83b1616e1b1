"""The package of one service for Lambda, as data.

Delivery plans and writes packages; plans show them.
"""

from dataclasses import dataclass
from pathlib import Path

from oort.model.delivery.stages import Architecture


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A file of a package: its path in the archive, its content, and the content's SHA-256.

    The content is a path or the bytes.
    """

    path: str
    content: Path | bytes
    digest: str


@dataclass(frozen=True, slots=True, order=True)
class Wheel:
    """A wheel of a distribution that is installed here for another target. It must be fetched.

    The fetched wheel has the same version as the installed distribution.
    """

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Package:
    """The package of one service for one runtime and architecture. `files` are sorted by path.

    `wheels` have to be fetched before the archive can be written. `fingerprint` is the SHA-256, in
    hex, of all relevant content; it is the same before and after the fetch, and on every machine.
    """

    service: str
    runtime: str
    architecture: Architecture
    fingerprint: str
    files: tuple[PackedFile, ...]
    wheels: tuple[Wheel, ...] = ()
