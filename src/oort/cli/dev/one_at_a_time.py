"""`oort dev --inline`: run one handler at a time, so that a breakpoint in one stops all."""

import asyncio
import inspect
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import wraps

from oort.app.programs import Program


def one_at_a_time(program: Program) -> Program:
    """Return the program with handlers that wait for each other."""
    lock = threading.Lock()
    functions = {
        name: replace(function, call=_with_lock(lock, function.call))
        for name, function in program.functions.items()
    }
    return Program(program.model, functions)


def _with_lock(lock: threading.Lock, call: Callable[..., object]) -> Callable[..., object]:
    @wraps(call)
    def locked(**arguments: object) -> object:
        with lock:
            result = call(**arguments)
            return asyncio.run(result) if inspect.iscoroutine(result) else result

    return locked
