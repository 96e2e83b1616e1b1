"""A request: API Gateway invokes the function of a route and makes a response of its reply."""

import os
from typing import cast

from oort.aws.invoking import proxy_events
from oort.aws.invoking.parts import Event, Parts, Remaining, unlimited
from oort.aws.invoking.proxy_events import ProxyEvent, ReplyDocument
from oort.model.errors import InvalidToken
from oort.model.functions import Http
from oort.model.invocations import HttpInvocation, HttpOutcome, Principal
from oort.model.problems import Problem, Unauthorized
from oort.rules import identifiers
from oort.rules.http import reply_headers
from oort.rules.http.reply_headers import Origins
from oort.runtime import invoke, replies
from oort.runtime.requests import RequestReader

# API Gateway speaks TLS only, and browsers should know. The engine speaks plain HTTP and
# sends no such header.
_TLS_ONLY = ("strict-transport-security", "max-age=63072000")


class Requests:
    """Answers the requests of a route."""

    def __init__(self, parts: Parts, trigger: Http) -> None:
        self._parts = parts
        self._trigger = trigger
        self._environment = parts.environment()
        self._reader = RequestReader(parts.function)
        self._origins = Origins(parts.platform.services)

    def answer(self, event: Event, _: Remaining = unlimited) -> ReplyDocument:
        """Answer an invocation."""
        if "httpMethod" not in event:
            raise self._parts.unreadable()
        return self._answer(cast(ProxyEvent, event))

    def _answer(self, event: ProxyEvent) -> ReplyDocument:
        parts, trigger = self._parts, self._trigger
        started = parts.clock.tick()
        received = proxy_events.headers(event)
        above = (
            identifiers.parent_of(received.get("traceparent", "")) or _xray() or parts.new_trace()
        )
        trace = parts.log.trace = above[0]
        try:
            outcome = self._admitted(event, received, identifiers.traceparent(*above))
        except Problem as problem:
            outcome = replies.problem(problem, entered=False)
        except Exception as error:  # not of the handler: its errors are replies already
            outcome = replies.internal(error, trace=trace, entered=False)
        parts.ports.traces.record(outcome.spans)
        route = f"{trigger.method} {trigger.path}"
        parts.ended(
            route,
            started,
            failed=int(outcome.status >= 500),
            error=outcome.error,
            status=outcome.status,
        )
        private = outcome.status >= 400 or not trigger.public
        headers = reply_headers.complete(outcome.headers, private=private)
        origins = self._origins.headers(trigger.path, received)
        return proxy_events.reply(
            outcome, extra=(*headers, *origins, _TLS_ONLY, ("trace-id", trace))
        )

    def _admitted(
        self, event: ProxyEvent, received: dict[str, str], traceparent: str
    ) -> HttpOutcome:
        """Outcome of a request whose caller may make it."""
        principal, parameters = self._caller(event), proxy_events.path(event)
        if principal is not None:
            from oort.rules.http import access  # a public route has nothing to check

            access.check(principal, self._trigger, parameters)
        with self._parts.invocation() as token:
            invocation = HttpInvocation(
                id=token,
                token=token,
                traceparent=traceparent,
                path=parameters,
                query=proxy_events.query(event),
                headers=received,
                body=proxy_events.body(event),
                principal=principal,
            )
            return invoke.request(self._environment, self._reader, invocation)

    def _caller(self, event: ProxyEvent) -> Principal | None:
        try:
            return proxy_events.principal(event, self._trigger)
        except InvalidToken as error:
            raise Unauthorized(error.what) from error


def _xray() -> tuple[str, str] | None:
    """The trace that Lambda continues. Lambda's span is the parent of the request's span."""
    parent = identifiers.from_xray(os.environ.get("_X_AMZN_TRACE_ID", ""))
    return parent if parent and parent[1] else None
