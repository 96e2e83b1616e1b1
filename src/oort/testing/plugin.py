"""The fixture of Oort's pytest plugin.

`oort_pytest` registers the fixture and imports this module at the first use.
"""

from collections.abc import Generator
from pathlib import Path

import pytest

from oort.app.loading.projects import FILE
from oort.model.errors import InvalidProgram, InvalidProject
from oort.testing.platform import Platform


def opened(*, start: Path, named: Path | None) -> Generator[Platform, None, None]:
    """Yield the platform of the `named` project, or of the nearest project from `start` upwards.

    A mistake of the project is shown without a traceback of Oort.
    """
    try:
        platform = Platform.of_project(named or folder_of(start))
    except (InvalidProject, InvalidProgram) as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    with platform:
        yield platform


def folder_of(start: Path) -> Path:
    """Return the nearest folder with oort.toml, from `start` upwards.

    Raises InvalidProject if there is none.
    """
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder
    raise InvalidProject(
        f"The fixture `platform` found no {FILE} in {start} or above it.",
        "Name the platform's folder in pytest's settings: oort_path = apps/shop.",
    )
