"""A program behind its gateway as an ASGI application, in memory. It notes the traces of the requests that reached a handler."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps

from oort.app.programs import Program
from oort.cli.dev import fixed_pages
from oort.engine.engine import Engine
from oort.engine.entropy import SeededEntropy
from oort.engine.gateway.answers import InThreads
from oort.engine.gateway.arriving import Receive
from oort.engine.gateway.asgi import GatewayApp, Scope, Send
from oort.engine.store.direct import DirectStore
from oort.engine.threads import Threads
from oort.runtime.system import SystemClock
from oort.testing.callers import KnownCallers


class Running:
    """The application. One request at a time, so that what a handler notes belongs to the request that runs."""

    def __init__(self, program: Program, store: DirectStore, threads: Threads) -> None:
        self.entered: set[str] = set()
        self.defects: list[str] = []  # tracebacks of handlers that failed
        self._entries = 0
        callers = KnownCallers()
        self.token = callers.token("ada", ["support"])
        functions = {
            name: replace(one, call=self._noting(one.call))
            for name, one in program.functions.items()
        }
        engine = Engine(
            Program(program.model, functions),
            store=store,
            clock=SystemClock(),
            entropy=SeededEntropy(1),
            identity=callers,
        )
        self._app = GatewayApp(
            engine.gateway,
            answers=InThreads(engine.gateway, threads),
            access=lambda _, reply, __: self.defects.append(reply.error) if reply.error else None,
            pages=fixed_pages.of(program, place="", say=self.defects.append),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        before, headers = self._entries, dict[bytes, bytes]()

        async def noting(message: Scope) -> None:
            headers.update(message.get("headers", ()))
            await send(message)

        await self._app(scope, receive, noting)
        if self._entries > before:
            self.entered.add(headers[b"trace-id"].decode())

    def _noting(self, call: Callable[..., object]) -> Callable[..., object]:
        @wraps(call)
        def noted(**arguments: object) -> object:
            self._entries += 1
            return call(**arguments)

        return noted


@contextmanager
def running(program: Program) -> Iterator[Running]:
    """The program in memory, until the end of the block."""
    store, threads = DirectStore(), Threads(1)
    try:
        yield Running(program, store, threads)
    finally:
        threads.close()
        store.close()
