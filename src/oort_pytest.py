"""Oort's pytest plugin: the fixture `platform`. pytest imports this module at each start, so it imports nothing but pytest.

It stands outside the package `oort` because importing a module of a package imports the package first.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from oort.testing import Platform

_SETTING = "oort_path"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The setting that names the platform's folder."""
    words = "The folder with oort.toml, from pytest's rootdir; by default the nearest one from rootdir upwards."
    parser.addini(_SETTING, words, default="")


@pytest.fixture
def platform(pytestconfig: pytest.Config) -> Iterator["Platform"]:
    """All services of the project in memory and in virtual time; see oort.testing.Platform."""
    from oort.testing import plugin

    said = str(pytestconfig.getini(_SETTING))
    yield from plugin.opened(
        start=pytestconfig.rootpath, named=pytestconfig.rootpath / said if said else None
    )
