"""What ships to Lambda: the package of one service, as data. Delivery plans and writes it; plans and deployments show it."""

from dataclasses import dataclass
from pathlib import Path

from oort.model.delivery.stages import Architecture


@dataclass(frozen=True, slots=True)
class PackedFile:
    """One file: its path in the archive, where its content is (or the content itself), and the content's SHA-256."""

    path: str
    content: Path | bytes
    digest: str


@dataclass(frozen=True, slots=True, order=True)
class Wheel:
    """A distribution that is installed for another kind of machine: this wheel of the same version must be fetched."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Package:
    """One service, for one runtime and architecture. `files` are sorted by path.

    `wheels` still have to be fetched before the archive can be written. `fingerprint` is the SHA-256, in hex, of all that
    matters; it is the same before and after, and from one machine to the next.
    """

    service: str
    runtime: str
    architecture: Architecture
    fingerprint: str
    files: tuple[PackedFile, ...]
    wheels: tuple[Wheel, ...] = ()
