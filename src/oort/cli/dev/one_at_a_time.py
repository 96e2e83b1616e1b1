"""What `oort dev --inline` means: handlers take turns, so that a breakpoint in one stops them all."""

import asyncio
import inspect
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import wraps

from oort.app.programs import Program


def one_at_a_time(program: Program) -> Program:
    """The same program, in which a handler is entered only when no other one runs."""
    turn = threading.Lock()
    functions = {
        name: replace(one, call=_taking(turn, one.call)) for name, one in program.functions.items()
    }
    return Program(program.model, functions)


def _taking(turn: threading.Lock, call: Callable[..., object]) -> Callable[..., object]:
    @wraps(call)
    def taken(**arguments: object) -> object:
        with turn:
            result = call(**arguments)
            return asyncio.run(result) if inspect.iscoroutine(result) else result

    return taken
