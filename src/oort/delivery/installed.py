"""What is installed here, read from the `dist-info` folders on the search path: files, wheel tags, requirements.

Only the names of the folders are read at once, since most distributions of an environment concern no service.
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
_KEPT = frozenset(
    {"METADATA", "entry_points.txt"}
)  # what importlib.metadata reads; the rest is the installer's
_COMPILED = (".pyc", ".pyo")
_NO_MODULE = frozenset({"__pycache__", "conftest.py", "setup.py", "tests"})
_MODULE = re.compile(r"(?P<name>[^/.]+)(\.py|(\.[^/]+)?\.so)")


class Installed:
    """One distribution. `info` is its `dist-info`; files are relative to the folder around it, each list is read once."""

    def __init__(self, info: Path) -> None:
        self.info = info
        self.name = canonical(info.name.removesuffix(_INFO).partition("-")[0])

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def version(self) -> str:
        """Its version, as the index writes it."""
        return str(self._metadata["Version"])

    @property
    def requires(self) -> list[str]:
        """Its Requires-Dist lines, markers included."""
        return [str(line) for line in self._metadata.get_all("Requires-Dist", [])]

    @property
    def requires_python(self) -> str:
        """Its Requires-Python; empty if any will do."""
        return str(self._metadata.get("Requires-Python", ""))

    @property
    def tags(self) -> list[str]:
        """The tags of the wheel it was installed from; without a WHEEL file, what its files look like."""
        try:
            wheel = HeaderParser().parsestr((self.info / "WHEEL").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return [] if any(path.endswith(".so") for path in self._recorded) else ["py3-none-any"]
        return [str(tag) for tag in wheel.get_all("Tag", [])]

    @cached_property
    def files(self) -> dict[str, Path]:
        """The files to ship, by their path in the archive. NotPackaged if one is not there, or nobody knows which."""
        again = f"Install it again: pip install --force-reinstall {self.name}=={self.version}"
        if not self._recorded:
            raise NotPackaged(
                f"{self} does not say which files it has: {self.info / 'RECORD'} is not there.",
                again,
            )
        found = {path: Path(file) for path, file in self._recorded.items() if ships(path)}
        if gone := sorted(path for path, file in found.items() if not file.is_file()):
            raise NotPackaged(f"{self} is damaged here: {found[gone[0]]} is not there.", again)
        return found

    @cached_property
    def modules(self) -> frozenset[str]:
        """The top-level names that it can be imported by."""
        folders = {
            path.partition("/")[0]
            for path in self._recorded
            if "/" in path and not path.startswith(("/", "."))
        }
        files = {found["name"] for path in self._recorded if (found := _MODULE.fullmatch(path))}
        return frozenset(
            one for one in folders | files if not one.endswith(_INFO) and one not in _NO_MODULE
        )

    def holds(self, name: str) -> bool:
        """Whether a dotted name is a package or a module of it."""
        path = name.replace(".", "/")
        return any(one.startswith((f"{path}/", f"{path}.")) for one in self._recorded)

    @cached_property
    def _metadata(self) -> Message:
        return HeaderParser().parsestr((self.info / "METADATA").read_text(encoding="utf-8"))

    @cached_property
    def _recorded(self) -> dict[str, str]:
        """Where every file in RECORD is; of an editable install also those in the folder that its .pth file names.

        Text, since an environment has 10,000 files, and as many Paths take 0.1 s.
        """
        folder = self.info.parent
        try:
            lines = (self.info / "RECORD").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return {}
        found = {row[0]: f"{folder}/{row[0]}" for row in csv.reader(lines) if row}
        links = [folder / path for path in found if path.endswith(".pth") and "/" not in path]
        for link in (one for one in links if one.is_file()):
            for line in link.read_text(encoding="utf-8").splitlines():
                found.update(_linked(Path(line)))
        return found


class Environment:
    """All that is installed on a search path, by default this interpreter's. Lives for a run."""

    def __init__(self, search: Sequence[str] | None = None) -> None:
        infos = (
            info
            for entry in (sys.path if search is None else search)
            for info in _infos(Path(entry))
        )
        self._found: dict[str, Installed] = {}
        for one in map(Installed, infos):
            self._found.setdefault(
                one.name, one
            )  # the first on the path is the one that is imported

    def named(self, name: str) -> Installed | None:
        """The distribution of this name, however it is spelled."""
        return self._found.get(canonical(name))

    def with_module(self, name: str) -> list[Installed]:
        """The distributions that a dotted name is imported from; of those that share a namespace, the one that has it."""
        parts = name.split(".")
        found = [one for one in self._found.values() if parts[0] in one.modules]
        for length in range(len(parts), 1, -1):
            if len(found) > 1 and (
                closer := [one for one in found if one.holds(".".join(parts[:length]))]
            ):
                return closer
        return found


def canonical(name: str) -> str:
    """A distribution's name in the one spelling that compares. PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def ships(path: str) -> bool:
    """Whether a file of a distribution belongs in a package: no byte code, no scripts, nothing of the installer's."""
    first, *rest = path.split("/")
    if first.endswith(_INFO):
        return len(rest) == 1 and rest[0] in _KEPT
    outside = first in {"", ".."} or (not rest and first.endswith(".pth"))
    return not (outside or path.endswith(_COMPILED) or "__pycache__" in rest)


def _infos(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{_INFO}")) if folder.is_dir() else []


def _linked(folder: Path) -> Iterator[tuple[str, str]]:
    """The packages and modules at the top of a folder that an editable install links to."""
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
