"""Measures coverage while a test or a fixture runs, and not while pytest works between them.

The trace function of coverage sees every line of every library. Without it the tests of the gate
take two thirds of the time. Tests marked `unmeasured` run without it as well.
"""

import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest


class Measured:
    """A pytest plugin. It does nothing in a run without coverage."""

    def __init__(self) -> None:
        self._trace: tuple[Any, Any] = (None, None)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self) -> None:
        """Remember the trace functions. Modules were imported under them."""
        self._trace = sys.gettrace(), threading.gettrace()
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
