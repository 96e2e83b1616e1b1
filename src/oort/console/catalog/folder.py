"""Puts the pages of the catalogue into a folder. It writes over its own files only, and takes away those it needs no more."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from oort.console.catalog.paths import MARKER

_ENDINGS = (".html", ".md")


def is_ours(folder: Path) -> bool:
    """Whether the folder may be written into: it is not there, is empty, or was made here."""
    if not folder.exists():
        return True
    return folder.is_dir() and (
        not any(folder.iterdir()) or any(_made_here(folder / f"index{one}") for one in _ENDINGS)
    )


def write(folder: Path, pages: Mapping[str, str]) -> None:
    """Write the pages, by path, and remove pages of an earlier time. Other files stay. OSError as the system says it."""
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
        yield from (one for one in folder.glob(pattern) if one.suffix in _ENDINGS and one.is_file())


def _made_here(path: Path) -> bool:
    """Whether the marker stands in the first lines."""
    try:
        with path.open("rb") as file:
            return MARKER.encode() in file.read(200)
    except OSError:
        return False
