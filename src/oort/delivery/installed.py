"""Read installed distributions from the `dist-info` folders on the search path.

Folder names are read first and files only on request: few distributions concern a service.
"""

import csv
import os
import re
import sys
from collections.abc import Iterator, Sequence
from email.message import Message
from email.parser import HeaderParser
from functools import cached_property
from pathlib import Path

from oort.model.errors import NotPackaged

_INFO = ".dist-info"
# The files for importlib.metadata; all others are for the installer.
_KEPT = frozenset({"METADATA", "entry_points.txt"})
_COMPILED = (".pyc", ".pyo")
_NO_MODULE = frozenset({"__pycache__", "conftest.py", "setup.py", "tests"})
_MODULE = re.compile(r"(?P<name>[^/.]+)(\.py|(\.[^/]+)?\.so)")


class Installed:
    """An installed distribution. `info` is its `dist-info` folder. Each file is read once."""

    def __init__(self, info: Path) -> None:
        self.info = info
        self.name = canonical(info.name.removesuffix(_INFO).partition("-")[0])

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def version(self) -> str:
        return str(self._metadata["Version"])

    @property
    def requires(self) -> list[str]:
        """The Requires-Dist lines, with markers."""
        return [str(line) for line in self._metadata.get_all("Requires-Dist", [])]

    @property
    def requires_python(self) -> str:
        """The Requires-Python line; empty if missing."""
        return str(self._metadata.get("Requires-Python", ""))

    @property
    def tags(self) -> list[str]:
        """The tags of the installed wheel. Without a WHEEL file, a guess from the files."""
        try:
            wheel = HeaderParser().parsestr((self.info / "WHEEL").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return [] if any(path.endswith(".so") for path in self._recorded) else ["py3-none-any"]
        return [str(tag) for tag in wheel.get_all("Tag", [])]

    @cached_property
    def files(self) -> dict[str, Path]:
        """The files to ship, by path in the archive.

        NotPackaged if a file or the list of files is missing.
        """
        again = f"Install it again: pip install --force-reinstall {self.name}=={self.version}"
        if not self._recorded:
            raise NotPackaged(
                f"{self} does not say which files it has: {self.info / 'RECORD'} is not there.",
                again,
            )
        paths = {path: Path(file) for path, file in self._recorded.items() if ships(path)}
        if gone := sorted(path for path, file in paths.items() if not file.is_file()):
            raise NotPackaged(f"{self} is damaged here: {paths[gone[0]]} is not there.", again)
        return paths

    @cached_property
    def modules(self) -> frozenset[str]:
        """The importable top-level names."""
        folders = {
            path.partition("/")[0]
            for path in self._recorded
            if "/" in path and not path.startswith(("/", "."))
        }
        files = {match["name"] for path in self._recorded if (match := _MODULE.fullmatch(path))}
        return frozenset(
            name for name in folders | files if not name.endswith(_INFO) and name not in _NO_MODULE
        )

    def holds(self, name: str) -> bool:
        """True if a dotted name is a package or a module of this distribution."""
        path = name.replace(".", "/")
        return any(recorded.startswith((f"{path}/", f"{path}.")) for recorded in self._recorded)

    @cached_property
    def _metadata(self) -> Message:
        return HeaderParser().parsestr((self.info / "METADATA").read_text(encoding="utf-8"))

    @cached_property
    def _recorded(self) -> dict[str, str]:
        """The location of every file in RECORD, and of the files behind an editable install's .pth
        file.

        Locations are text: an environment has 10,000 files, and as many Paths take 0.1 s.
        """
        folder = self.info.parent
        try:
            lines = (self.info / "RECORD").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return {}
        locations = {row[0]: f"{folder}/{row[0]}" for row in csv.reader(lines) if row}
        links = [folder / path for path in locations if path.endswith(".pth") and "/" not in path]
        for link in (link for link in links if link.is_file()):
            for line in link.read_text(encoding="utf-8").splitlines():
                locations.update(_linked(Path(line)))
        return locations


class Environment:
    """The distributions on a search path; the default is this interpreter's. Lives for one run."""

    def __init__(self, search: Sequence[str] | None = None) -> None:
        infos = (
            info
            for entry in (sys.path if search is None else search)
            for info in _infos(Path(entry))
        )
        self._found: dict[str, Installed] = {}
        for distribution in map(Installed, infos):
            # The first on the path wins, as for imports.
            self._found.setdefault(distribution.name, distribution)

    def named(self, name: str) -> Installed | None:
        """Return the distribution with this name in any spelling."""
        return self._found.get(canonical(name))

    def with_module(self, name: str) -> list[Installed]:
        """Return the distributions that provide a dotted name.

        If several share a namespace, only the providers of the longest matching part count.
        """
        parts = name.split(".")
        providers = [
            distribution
            for distribution in self._found.values()
            if parts[0] in distribution.modules
        ]
        for length in range(len(parts), 1, -1):
            if len(providers) > 1 and (
                closer := [
                    distribution
                    for distribution in providers
                    if distribution.holds(".".join(parts[:length]))
                ]
            ):
                return closer
        return providers


def canonical(name: str) -> str:
    """Normalize the name of a distribution. PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def ships(path: str) -> bool:
    """True if a file belongs in a package: no byte code, no scripts, no installer files."""
    first, *below = path.split("/")
    if first.endswith(_INFO):
        return len(below) == 1 and below[0] in _KEPT
    outside = first in {"", ".."} or (not below and first.endswith(".pth"))
    return not (outside or path.endswith(_COMPILED) or "__pycache__" in below)


def _infos(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{_INFO}")) if folder.is_dir() else []


def _linked(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the top packages and modules of a folder that an editable install links to."""
    if not (folder.is_absolute() and folder.is_dir()):
        return  # a .pth file may also hold code
    for top in sorted(folder.iterdir()):
        if top.name in _NO_MODULE:
            continue
        if top.suffix == ".py":
            yield top.name, str(top)
        elif (top / "__init__.py").is_file():
            files = (Path(here, name) for here, _, names in os.walk(top) for name in names)
            yield from ((file.relative_to(folder).as_posix(), str(file)) for file in files)
