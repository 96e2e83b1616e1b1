"""Write the pages of the catalogue to a folder. Only files of the catalogue are replaced or
removed."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from oort.console.catalog.paths import MARKER

_ENDINGS = (".html", ".md")


def is_ours(folder: Path) -> bool:
    """True if the folder is missing, is empty, or holds a catalogue."""
    if not folder.exists():
        return True
    return folder.is_dir() and (
        not any(folder.iterdir())
        or any(_made_here(folder / f"index{ending}") for ending in _ENDINGS)
    )


def write(folder: Path, pages: Mapping[str, str]) -> None:
    """Write the pages, and remove pages of an older catalogue. Other files stay. Raises OSError."""
    for old in _pages(folder):
        if old.relative_to(folder).as_posix() not in pages and _made_here(old):
            old.unlink()
    for name, text in pages.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode(errors="replace"))
    for inner in ("events", "services"):
        with contextlib.suppress(OSError):  # it is not there, or something is in it
            (folder / inner).rmdir()


def _pages(folder: Path) -> Iterator[Path]:
    for pattern in ("*", "events/*", "services/*"):
        yield from (
            file for file in folder.glob(pattern) if file.suffix in _ENDINGS and file.is_file()
        )


def _made_here(path: Path) -> bool:
    """True if the first lines contain the marker."""
    try:
        with path.open("rb") as file:
            return MARKER.encode() in file.read(200)
    except OSError:
        return False
