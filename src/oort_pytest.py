"""Oort's pytest plugin with the fixture `platform`.

pytest imports this module at every start, so it imports only pytest. It is outside the package
`oort`, because an import of a module imports its package first.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from oort.testing import Platform

_SETTING = "oort_path"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the setting with the platform's folder."""
    description = (
        "The folder with oort.toml, relative to rootdir; by default the nearest from rootdir up."
    )
    parser.addini(_SETTING, description, default="")


@pytest.fixture
def platform(pytestconfig: pytest.Config) -> Iterator["Platform"]:
    """Yield all services of the project in memory; see oort.testing.Platform."""
    from oort.testing import plugin

    folder = str(pytestconfig.getini(_SETTING))
    yield from plugin.opened(
        start=pytestconfig.rootpath, named=pytestconfig.rootpath / folder if folder else None
    )
