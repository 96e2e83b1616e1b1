"""The record of the live versions in the state folder, for the next start. Folders and shares.

The file is beside the database, so a saved state starts elsewhere with a single version.
"""

from pathlib import Path

import msgspec

from oort.engine.state import shared_files
from oort.model.errors import StateUnusable

FILE = "versions.json"


class KeptVersion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A live version: the folder of its sources, and its share of each service."""

    name: str
    folder: str
    shares: dict[str, int]


def read(state: Path) -> tuple[KeptVersion, ...]:
    """Return the versions, oldest first; empty if a single version was live.

    StateUnusable if the file is damaged.
    """
    file = state / FILE
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise shared_files.unusable(file, error) from error
    try:
        return msgspec.json.decode(data, type=tuple[KeptVersion, ...])
    except msgspec.DecodeError as error:
        raise StateUnusable(
            f"{file} is damaged: {error}.", "Delete it to start with one version."
        ) from error


def write(state: Path, versions: tuple[KeptVersion, ...]) -> None:
    """Record the versions durably. StateUnusable on failure."""
    with shared_files.alone(state):
        data = msgspec.json.format(msgspec.json.encode(versions))
        shared_files.replace(state / FILE, data + b"\n")
