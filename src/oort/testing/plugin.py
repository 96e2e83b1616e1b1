"""The fixtures of Oort's pytest plugin. The module `oort_pytest` registers them and imports this one when a test asks for one."""

from collections.abc import Generator
from pathlib import Path

from oort.app.loading.projects import FILE
from oort.model.errors import InvalidProject
from oort.testing.platform import Platform


def opened(*, start: Path, named: Path | None) -> Generator[Platform, None, None]:
    """The platform of the project that is named, or else found from `start` upwards; closed at the end."""
    with Platform.of_project(named or folder_of(start)) as platform:
        yield platform


def folder_of(start: Path) -> Path:
    """The nearest folder with oort.toml, from `start` upwards. InvalidProject if there is none."""
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder
    raise InvalidProject(
        f"The fixture `platform` found no {FILE} in {start} or above it.",
        "Name the platform's folder in pytest's settings: oort_path = apps/shop.",
    )
