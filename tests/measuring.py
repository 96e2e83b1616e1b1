"""Measures coverage while a test or a fixture runs, and not while pytest works between them.

The trace function of coverage sees every line of every library, so it takes much of the time.
Tests marked `unmeasured` run without it as well: their branches have smaller tests.
"""

import importlib
import pkgutil
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest

import oort


def import_every_module() -> None:
    """Import all of Oort, but for what runs when it is imported."""
    for module in pkgutil.walk_packages(oort.__path__, "oort."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


class Measured:
    """A pytest plugin. It does nothing in a run without coverage."""

    def __init__(self) -> None:
        self._trace: tuple[Any, Any] = (None, None)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """Import the modules of Oort under the trace functions, and remember these for later."""
        self._trace = sys.gettrace(), threading.gettrace()
        if self._trace != (None, None):
            import_every_module()
        self._set(None, None)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        self._set(*self._trace)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        with self._measured(item):
            return (yield)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_fixture_setup(
        self, request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        with self._measured(request.node):
            return (yield)

    @contextmanager
    def _measured(self, node: pytest.Item | pytest.Collector) -> Generator[None]:
        if self._trace == (None, None) or node.get_closest_marker("unmeasured"):
            yield
            return
        self._set(*self._trace)
        try:
            yield
        finally:
            self._set(None, None)

    def _set(self, here: Any, new_threads: Any) -> None:
        if self._trace != (None, None):
            sys.settrace(here)
            threading.settrace(new_threads)
