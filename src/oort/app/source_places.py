"""Where in the user's code a declaration stands: the first frame outside Oort."""

import os
import sys
from types import FrameType

from oort.model.sources import Source

_OORT = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def caller() -> Source:
    """The line of the user's code that runs now."""
    frame = _outside()
    return Source(frame.f_code.co_filename, frame.f_lineno)


def caller_module() -> str:
    """The module of the user's code that runs now."""
    return str(_outside().f_globals.get("__name__", ""))


def _outside() -> FrameType:
    frame = sys._getframe()
    while frame.f_code.co_filename.startswith(_OORT) and frame.f_back is not None:
        frame = frame.f_back
    return frame
