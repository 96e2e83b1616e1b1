"""fastapi_notes.py with what Oort does beside the work: a token, a rate limit, a log line and a span for each request.

The libraries are the usual ones: PyJWT, `limits` and the SDK of OpenTelemetry. Where there is a choice, the fastest way is
taken: one plain ASGI middleware, a cache of tokens that were verified, the cheapest strategy of `limits`. The rows of this
program are not encrypted and there is no permission to look up, which favours it.
"""

import json
import logging
import os
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from pathlib import Path
from typing import Any

import jwt
from fastapi_notes import app
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind
from starlette.responses import JSONResponse

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

_PUBLIC = "/notes/ready"
_PERMITTED = parse("10000/second")  # as in subject/notes.py: a load generator is one client
_REMEMBERED = 1_000
_ADD_SPANS = "INSERT INTO spans VALUES(?, ?, ?, ?, ?, ?, ?)"


class IntoSQLite(SpanExporter):
    """Writes each batch of spans in one transaction. It is called by the thread of the span processor."""

    def __init__(self, path: str) -> None:
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS spans(trace TEXT, span TEXT, name TEXT, began INTEGER, "
            "ended INTEGER, status TEXT, attributes TEXT)"
        )

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Write the spans."""
        self._database.execute("BEGIN")
        self._database.executemany(_ADD_SPANS, [_row(span) for span in spans])
        self._database.execute("COMMIT")
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Close the database."""
        self._database.close()


def _row(span: ReadableSpan) -> tuple[object, ...]:
    at = span.get_span_context()
    return (
        f"{at.trace_id:032x}", f"{at.span_id:016x}", span.name, span.start_time, span.end_time,
        span.status.status_code.name, json.dumps(dict(span.attributes or {})),
    )  # fmt: skip


class Tokens:
    """Verifies bearer tokens, and remembers those that were good until they expire."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._verified: dict[str, tuple[str, float]] = {}

    def caller(self, header: str) -> str | None:
        """The subject of the token in an `authorization` header; None if it is not valid."""
        token = header.removeprefix("Bearer ")
        known = self._verified.get(token)
        if known is not None and time.time() < known[1]:
            return known[0]
        try:
            claims = jwt.decode(token, self._key, algorithms=["RS256"])
        except jwt.InvalidTokenError:
            return None
        if len(self._verified) >= _REMEMBERED:
            self._verified.clear()
        self._verified[token] = str(claims["sub"]), float(claims["exp"])
        return str(claims["sub"])


class Beside:
    """The middleware: a request has a caller, a limit for the caller and the route, a span and a log line."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._tokens = Tokens(Path(os.environ["BENCH_KEY"]).read_text())
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        provider = TracerProvider()
        provider.add_span_processor(BatchSpanProcessor(IntoSQLite(os.environ["BENCH_SPANS"])))
        self._tracer = provider.get_tracer("notes")
        self._log = logging.getLogger("notes")
        self._log.setLevel(logging.INFO)
        self._log.propagate = False
        self._log.addHandler(logging.StreamHandler(sys.stdout))

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["path"] == _PUBLIC:
            await self._application(scope, receive, send)
            return
        began, route, status = time.perf_counter(), f"{scope['method']} {scope['path']}", 500

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with self._tracer.start_as_current_span(route, kind=SpanKind.SERVER) as span:
            caller = self._tokens.caller(_authorization(scope))
            await self._admitted(caller, route)(scope, receive, observed)
            span.set_attribute("http.response.status_code", status)
        line = {
            "at": time.time(), "route": route, "status": status, "user": caller,
            "ms": round((time.perf_counter() - began) * 1e3, 2),
            "trace": f"{span.get_span_context().trace_id:032x}",
        }  # fmt: skip
        self._log.info(json.dumps(line))

    def _admitted(self, caller: str | None, route: str) -> Application:
        """What answers the caller: the application, or a refusal."""
        if caller is None:
            return JSONResponse({"detail": "No valid token."}, 401)
        if not self._limiter.hit(_PERMITTED, caller, route):
            return JSONResponse({"detail": "Too many requests."}, 429)
        return self._application


def _authorization(scope: Message) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization":
            return str(value, "latin-1")
    return ""


app.add_middleware(Beside)
