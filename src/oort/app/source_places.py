"""Where in the user's code a declaration stands."""

import sys

from oort.model.sources import Source


def caller(depth: int = 1) -> Source:
    """The place `depth` frames above the function that asks."""
    frame = sys._getframe(depth + 1)
    return Source(frame.f_code.co_filename, frame.f_lineno)


def caller_module(depth: int = 1) -> str:
    """The module that stands `depth` frames above the function that asks."""
    name = sys._getframe(depth + 1).f_globals.get("__name__", "")
    return str(name)
