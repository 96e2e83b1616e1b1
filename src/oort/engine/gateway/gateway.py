"""The gateway without its socket: routing, authentication, throttling, and the replies
that need no handler.

`admit` is quick and never blocks, so the server can refuse on its event loop.
`answer` runs the function.
"""

from contextlib import suppress
from urllib.parse import parse_qsl

import msgspec

from oort.engine.gateway import problem_replies
from oort.engine.gateway.limiter import Limiter
from oort.engine.gateway.problem_replies import HeadersTooLarge, MethodNotAllowed, Throttling
from oort.engine.invoking.cutoff import Cutoff
from oort.engine.invoking.invokers import Invoker
from oort.model import limits
from oort.model.errors import InvalidToken
from oort.model.functions import FunctionModel, Http, Rate
from oort.model.http import PREFIX, HttpReply, HttpRequest
from oort.model.invocations import HttpInvocation, HttpOutcome, Principal, Span, labelled
from oort.model.platform import PlatformModel
from oort.model.problems import BadRequest, Forbidden, NotFound, Problem, Unauthorized
from oort.ports.clock import Clock
from oort.ports.entropy import Entropy
from oort.ports.identity import Identity
from oort.ports.traces import Traces
from oort.rules import identifiers
from oort.rules.http import access, reply_headers
from oort.rules.http.reply_headers import Origins
from oort.rules.http.routing import Match, Routes, WrongMethod
from oort.runtime import replies

LOGOUT = f"{PREFIX}logout"
# Characters of a span's name. The path of a request without a route has no limit of its own.
_NAME = 200


# Made for each request: a Struct costs a tenth of a frozen dataclass.
class Arrival(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A request with its id, its trace and the time of its arrival."""

    request: HttpRequest
    id: str
    trace: str
    parent: str
    span: str
    start: int
    started: int


class Admission(msgspec.Struct, frozen=True, kw_only=True):
    """A request that may reach its function. `cutoff` can end it early."""

    arrival: Arrival
    match: Match
    principal: Principal | None
    id: str
    cutoff: Cutoff
    version: str = ""


class Gateway:
    """Routes, authenticates, throttles and answers. `limiter` is shared by the versions of a platform.

    `version` is the name of the version in logs and traces, while several are live.
    """

    def __init__(
        self,
        platform: PlatformModel,
        *,
        identity: Identity,
        invoker: Invoker,
        traces: Traces,
        clock: Clock,
        entropy: Entropy,
        throttling: Throttling = "declared",
        limiter: Limiter | None = None,
    ) -> None:
        self.version = ""
        self._routes = Routes(platform.functions)
        self._origins = Origins(platform.services)
        self.limiter = limiter or Limiter(clock)
        self._throttling = throttling
        self._identity = identity
        self._invoker = invoker
        self._traces = traces
        self._clock = clock
        self._entropy = entropy

    def admit(self, request: HttpRequest) -> Admission | HttpReply:
        """Return the admission of a request, or the reply that refuses it."""
        arrival = self._arrival(request)
        match: Match | None = None
        try:
            headers = request.headers
            if sum(map(len, headers)) + sum(map(len, headers.values())) > limits.HEADER_BYTES:
                raise HeadersTooLarge(f"The headers may have {limits.HEADER_BYTES:,} bytes.")
            if request.method == "OPTIONS" and (
                preflight := self._origins.asks(request.method, request.path, headers)
            ):
                return self._permit(arrival, preflight)
            match = self._match(request, "GET" if request.method == "HEAD" else request.method)
            principal = self._caller(request, match)
            access.check(principal, match.trigger, match.parameters)
        except Problem as problem:
            return self._refuse(problem, arrival, match=match)
        except Exception as error:
            # For example, the file of keys is damaged: no request is admitted, and the log says why.
            return self._broken(error, arrival, match=match)
        return Admission(
            arrival=arrival, match=match, principal=principal, id=arrival.id, cutoff=Cutoff(),
            version=self.version,
        )  # fmt: skip

    def function_for(self, request: HttpRequest) -> FunctionModel | None:
        """Return the function of the request's route; None if there is no such route."""
        method = request.method
        if method == "OPTIONS":
            method = self._origins.asks(method, request.path, request.headers) or method
        try:
            match = self._routes.match("GET" if method == "HEAD" else method, request.path)
        except UnicodeDecodeError:
            return None
        return match.function if isinstance(match, Match) else None

    def answer(self, admission: Admission, body: bytes) -> HttpReply:
        """Run the function and reply. Blocks until the handler returns."""
        invocation = self.invocation(admission, body)
        if isinstance(invocation, HttpReply):
            return invocation
        function = admission.match.function.name
        outcome = self._invoker.request(function, invocation, cutoff=admission.cutoff)
        return self.reply(admission, outcome)

    def invocation(self, admission: Admission, body: bytes) -> HttpInvocation | HttpReply:
        """Return the invocation for a request, or the reply that refuses the request."""
        arrival, match = admission.arrival, admission.match
        try:
            query = _read(arrival.request.query) if arrival.request.query else ()
        except ValueError:
            return self.refuse(BadRequest("The query string is not readable."), admission)
        return HttpInvocation(
            id=admission.id,
            token="",  # the invoker's
            traceparent=f"00-{arrival.trace}-{arrival.span}-01",  # as `identifiers.traceparent`
            path=match.parameters,
            query=query,
            headers=arrival.request.headers,
            body=body,
            principal=admission.principal,
        )

    def reply(self, admission: Admission, outcome: HttpOutcome) -> HttpReply:
        """Return the reply for the outcome of the function, and record the spans."""
        arrival, match = admission.arrival, admission.match
        awaited = admission.cutoff.finish()
        request_span = (self._span(arrival, outcome.status, match=match),) if awaited else ()
        spans = labelled(outcome.spans, self.version)
        self._traces.record((*request_span, *spans))
        return self._reply(
            outcome, arrival, match=match, authenticated=admission.principal is not None
        )

    def turn_away(self, request: HttpRequest, problem: Problem) -> HttpReply:
        """Return the reply that refuses a request before its route is looked for."""
        return self._refuse(problem, self._arrival(request), match=None)

    def refuse(self, problem: Problem, admission: Admission) -> HttpReply:
        """Return the reply that refuses an admitted request."""
        return self._refuse(problem, admission.arrival, match=admission.match)

    def expire(self, admission: Admission) -> HttpReply | None:
        """Return the reply after a time-out, and revoke the function's rights to write.

        None if the function has just finished.
        """
        if not admission.cutoff.cut():
            return None
        return self.refuse(replies.timed_out(admission.match.function.timeout), admission)

    def too_large(self, admission: Admission) -> HttpReply:
        """Return the reply to a body over the limit."""
        return self.refuse(problem_replies.too_large(), admission)

    def failed(self, admission: Admission, error: Exception) -> HttpReply:
        """Return the reply to a failure of the engine itself."""
        return self._broken(error, admission.arrival, match=admission.match)

    def logout(self, request: HttpRequest) -> HttpReply:
        """Return the reply to POST /_oort/logout and revoke the bearer token of the request.

        Blocks until the revocation is durable.
        """
        arrival = self._arrival(request)
        try:
            try:
                self._identity.revoke(_bearer(request) or "")
            except InvalidToken as error:
                raise Unauthorized(error.what) from error
        except Problem as problem:
            return self._refuse(problem, arrival, match=None)
        except Exception as error:
            return self._broken(error, arrival, match=None)
        return self._settled(
            HttpOutcome(status=204, headers=(), body=b"", entered=False), arrival, match=None
        )

    # -- authentication and throttling

    def _permit(self, arrival: Arrival, method: str) -> HttpReply:
        """Reply to a CORS preflight."""
        request = arrival.request
        if not self._origins.allows(request.path, request.headers["origin"]):
            raise Forbidden("Pages of this origin may not call this service.")
        match = self._match(request, "GET" if method == "HEAD" else method)
        headers = self._origins.answer(method, request.headers)
        return self._settled(
            HttpOutcome(status=204, headers=headers, body=b"", entered=False), arrival, match=match
        )

    def _match(self, request: HttpRequest, method: str) -> Match:
        try:
            match = self._routes.match(method, request.path)
        except UnicodeDecodeError:
            raise BadRequest("The path is not UTF-8.") from None
        if match is None:
            raise NotFound(f"There is no route {request.path}.")
        if isinstance(match, WrongMethod):
            allowed = ", ".join(
                sorted({*match.allowed, *(["HEAD"] if "GET" in match.allowed else [])})
            )
            raise MethodNotAllowed(f"{request.path} answers {allowed}.", allow=allowed)
        return match

    def _caller(self, request: HttpRequest, match: Match) -> Principal | None:
        """Principal of a request, if known.

        The request counts against the rate of the route, also if its caller is not accepted.
        """
        try:
            principal = self._authenticate(request, match.trigger)
        except Unauthorized:
            self._throttle(request.client, match, rate=limits.PUBLIC_RATE)
            raise
        if principal is None:
            self._throttle(request.client, match, rate=limits.PUBLIC_RATE)
        else:
            self._throttle(f"principal {principal.id}", match, rate=limits.PRIVATE_RATE)
        return principal

    def _authenticate(self, request: HttpRequest, trigger: Http) -> Principal | None:
        token, key = _bearer(request), request.headers.get("x-api-key")
        if token is None and key is None:
            if trigger.public:
                return None  # the handler may use another scheme
            raise Unauthorized(
                "This route needs a bearer token: send the header Authorization: Bearer TOKEN."
            )
        if token is not None and key is not None:
            raise Unauthorized("There is a bearer token and an API key: send one of them.")
        try:
            return (
                self._identity.verify(token)
                if token is not None
                else self._identity.holder(key or "")
            )
        except InvalidToken as error:
            raise Unauthorized(error.what) from error

    def _throttle(self, client: str, match: Match, *, rate: Rate) -> None:
        declared, holds = match.trigger.rate, self._throttling
        if holds == "none" or (declared is None and holds == "declared"):
            return
        wait = self.limiter.wait(match.function.name, client, rate=declared or rate)
        if wait:
            raise problem_replies.too_often(wait)

    # -- replies and spans

    def _arrival(self, request: HttpRequest) -> Arrival:
        started, microseconds = self._clock.tick(), self._clock.now().timestamp() * 1_000_000
        start = int(microseconds) * 1000
        trace, span, identifier = identifiers.of_request(start // 1_000_000, self._entropy.bits)
        parent, header = "", request.headers.get("traceparent")
        if header is not None and (above := identifiers.parent_of(header)):
            trace, parent = above
        return Arrival(
            request=request, id=identifier, trace=trace, parent=parent, span=span,
            start=start, started=started,
        )  # fmt: skip

    def _refuse(self, problem: Problem, arrival: Arrival, *, match: Match | None) -> HttpReply:
        outcome = replies.problem(problem, entered=False)
        return self._settled(outcome, arrival, match=match, extra=problem_replies.headers(problem))

    def _broken(self, error: Exception, arrival: Arrival, *, match: Match | None) -> HttpReply:
        return self._settled(
            replies.failure(error, trace=arrival.trace, entered=False), arrival, match=match
        )

    def _settled(
        self,
        outcome: HttpOutcome,
        arrival: Arrival,
        *,
        match: Match | None,
        extra: reply_headers.Headers = (),
    ) -> HttpReply:
        """Reply without a handler, with its span recorded, so that every trace in
        a reply can be found.
        """
        with suppress(Exception):  # a store that fails is the cause of some of these replies
            self._traces.record((self._span(arrival, outcome.status, match=match),))
        return self._reply(outcome, arrival, match=match, extra=extra)

    def _span(self, arrival: Arrival, status: int, *, match: Match | None) -> Span:
        if match:
            name, service = match.title, match.function.service
        else:
            text = f"{arrival.request.method} {arrival.request.path}"[:_NAME]
            name, service = text.encode("ascii", "backslashreplace").decode(), "gateway"
        return Span(
            trace=arrival.trace,
            id=arrival.span,
            parent=arrival.parent,
            name=name,
            kind="request",
            service=service,
            start=arrival.start,
            duration=self._clock.tick() - arrival.started,
            error=str(status) if status >= 500 else "",
            detail={"status": str(status), "service_version": self.version}
            if self.version
            else {"status": str(status)},
        )

    def _reply(
        self,
        outcome: HttpOutcome,
        arrival: Arrival,
        *,
        match: Match | None,
        extra: reply_headers.Headers = (),
        authenticated: bool = False,
    ) -> HttpReply:
        """Reply to a client. `authenticated` is true if the handler received a principal."""
        private = (
            outcome.status >= 400 or match is None or not match.trigger.public or authenticated
        )
        given = (*outcome.headers, *extra) if extra else outcome.headers
        headers, request = reply_headers.complete(given, private=private), arrival.request
        name = match.function.name if match else ""
        if self._origins.any:
            headers = (*headers, *self._origins.headers(request.path, request.headers))
        every = (*headers, ("trace-id", arrival.trace))
        return HttpReply(
            outcome.status, every, outcome.body, arrival.trace, name, outcome.error,
            self.version if match else "",
        )  # fmt: skip


def _read(query: str) -> tuple[tuple[str, str], ...]:
    """Return the parameters of a query. ValueError if it is not readable."""
    return tuple(parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=1000))


def _bearer(request: HttpRequest) -> str | None:
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    return token.strip() if token and scheme.lower() == "bearer" else None
