"""Caches of mypy for tests that start it on code of users: Oort and its dependencies are read once, not in every test."""

import os
from pathlib import Path

CACHE = Path(__file__).resolve().parents[1] / ".cache"


def mypy_cache(settings: str) -> Path:
    """The cache of one worker for one set of settings: mypy throws away what it kept under others."""
    return CACHE / f"mypy-{settings}-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
