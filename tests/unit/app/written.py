"""Platforms written into a folder for one test. A comment `#! code` marks a line that the loader must refuse with that code."""

import itertools
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from oort.app.loading import projects
from oort.app.loading.projects import Project
from oort.app.programs import Program
from oort.model.errors import InvalidProgram, Mistake

_MARK = re.compile(r"#! ([a-z. -]+)$")
_count = itertools.count()


class Written:
    """A platform in a package of its own. In the files, HERE stands for the package's name."""

    def __init__(self, root: Path, files: Mapping[str, str], services: tuple[str, ...]) -> None:
        self.name = f"written{next(_count)}"
        self.folder = root / self.name
        named = ", ".join(f'"{self.name}.{service}"' for service in services)
        texts = {
            "__init__.py": "",
            "oort.toml": f'name = "written"\nservices = [{named}]\n',
            **files,
        }
        for path, text in texts.items():
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text.replace("HERE", self.name), encoding="utf-8")

    @property
    def project(self) -> Project:
        """The project, found as the CLI finds it."""
        return projects.find(self.folder)

    def load(self) -> Program:
        """Its program."""
        return projects.program(self.project)

    def mistakes(self) -> tuple[Mistake, ...]:
        """What the loader refuses."""
        with pytest.raises(InvalidProgram) as caught:
            self.load()
        return caught.value.mistakes

    def found(self) -> list[tuple[str, int, str]]:
        """File, line and code of each mistake."""
        return sorted(
            (self._short(one.source.file), one.source.line, one.code) for one in self.mistakes()
        )

    def marked(self) -> list[tuple[str, int, str]]:
        """File, line and code of each mark."""
        return sorted(
            (str(file.relative_to(self.folder)), number, code)
            for file in self.folder.rglob("*.py")
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
            if (mark := _MARK.search(line))
            for code in mark[1].split()
        )

    def _short(self, file: str) -> str:
        path = Path(file)
        return str(path.relative_to(self.folder)) if path.is_relative_to(self.folder) else file


@contextmanager
def written(
    root: Path, files: Mapping[str, str], *, services: tuple[str, ...] = ("shop",)
) -> Iterator[Written]:
    """A platform on disk; what importing it left behind goes at the end."""
    path = list(sys.path)
    made = Written(root, files, services)
    try:
        yield made
    finally:
        sys.path[:] = path
        for module in [name for name in sys.modules if name.partition(".")[0] == made.name]:
            del sys.modules[module]
