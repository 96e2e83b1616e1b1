"""The source location of a declaration: the first stack frame outside Oort."""

import os
import sys
from types import FrameType

from oort.model.sources import Source

_OORT = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def caller() -> Source:
    """Return the current line of the user's code."""
    frame = _outside()
    return Source(frame.f_code.co_filename, frame.f_lineno)


def caller_module() -> str:
    """Return the name of the module of the user's code that runs now."""
    return str(_outside().f_globals.get("__name__", ""))


def _outside() -> FrameType:
    frame = sys._getframe()
    while frame.f_code.co_filename.startswith(_OORT) and frame.f_back is not None:
        frame = frame.f_back
    return frame
