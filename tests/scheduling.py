"""Gives whole modules to the workers of pytest-xdist."""

import pytest
from xdist.scheduler import LoadGroupScheduling


class _ByModule(LoadGroupScheduling):  # type: ignore[misc]  # xdist has no types
    def _split_scope(self, nodeid: str) -> str:
        group: str = super()._split_scope(nodeid)
        return nodeid.partition("::")[0] if group == nodeid else group


class Modules:
    """A pytest plugin for the process that gives out the tests.

    Tests of a group share a worker, and tests of a module too. To ask for every single test costs
    3 ms a test.
    """

    def pytest_xdist_make_scheduler(
        self, config: pytest.Config, log: object
    ) -> LoadGroupScheduling | None:
        return _ByModule(config, log) if config.getvalue("dist") == "loadgroup" else None
