"""The gateway without its socket: who may call what, and the reply for everything that does not reach a handler.

`admit` is quick and never blocks, so the server can refuse on its event loop; `answer` runs the function.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from oort.engine.invoker import InProcessInvoker
from oort.model import limits
from oort.model.errors import InvalidToken
from oort.model.invocations import HttpOutcome, Principal
from oort.model.platform import PlatformModel
from oort.model.problems import BadRequest, Forbidden, NotFound, Problem, Unauthorized
from oort.model.spans import Span
from oort.ports.clock import Clock
from oort.ports.entropy import Entropy
from oort.ports.identity import Identity
from oort.ports.traces import Traces
from oort.rules import identifiers
from oort.rules.routing import Match, Routes, WrongMethod
from oort.runtime import replies
from oort.runtime.links import nanoseconds


class MethodNotAllowed(Problem):
    """The path has no such method."""

    status = 405


class ContentTooLarge(Problem):
    """The body is too large."""

    status = 413


class HeadersTooLarge(Problem):
    """The headers are too large."""

    status = 431


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it came in. `path` is raw; header names are lower-case, repeated ones joined by a comma."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Admission:
    """A request that may reach its function, with the trace it begins or continues."""

    request: HttpRequest
    match: Match
    principal: Principal | None
    id: str
    trace: str
    parent: str
    span: str
    start: int
    started: int


@dataclass(frozen=True, slots=True)
class HttpReply:
    """What goes back, and what the access log says about it."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    trace: str
    function: str = ""
    error: str = ""  # a failed handler's traceback, for the log only


class Gateway:
    """Routes, authenticates and answers."""

    def __init__(
        self,
        platform: PlatformModel,
        *,
        identity: Identity,
        invoker: InProcessInvoker,
        traces: Traces,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._routes = Routes(platform.functions)
        self._identity = identity
        self._invoker = invoker
        self._traces = traces
        self._clock = clock
        self._entropy = entropy

    def admit(self, request: HttpRequest) -> Admission | HttpReply:
        """The admission of a request, or the reply that refuses it."""
        started, start = self._clock.tick(), nanoseconds(self._clock)
        above = identifiers.parent_of(request.headers.get("traceparent", ""))
        trace, parent = above or (f"{self._entropy.bits(128) or 1:032x}", "")
        match: Match | None = None
        try:
            match = self._match(request)
            principal = self._authenticate(request, match)
        except Problem as problem:
            return self._refuse(problem, trace=trace, match=match)
        return Admission(
            request=request,
            match=match,
            principal=principal,
            id=identifiers.uuid7(start // 1_000_000, self._entropy.bits(74)),
            trace=trace,
            parent=parent,
            span=f"{self._entropy.bits(64) or 1:016x}",
            start=start,
            started=started,
        )

    def answer(self, admission: Admission, body: bytes) -> HttpReply:
        """Run the function and reply. Blocks as long as the handler does."""
        request, function = admission.request, admission.match.function
        try:
            query = tuple(parse_qsl(request.query, keep_blank_values=True, errors="strict", max_num_fields=1000))
        except ValueError:
            return self._refuse(
                BadRequest("The query string is not readable."), trace=admission.trace, match=admission.match
            )
        outcome = self._invoker.request(
            function.name,
            id=admission.id,
            traceparent=identifiers.traceparent(admission.trace, admission.span),
            path=admission.match.parameters,
            query=query,
            headers=dict(request.headers),
            body=body,
            principal=admission.principal,
        )
        self._record(admission, outcome)
        return _reply(outcome, trace=admission.trace, function=function.name)

    def too_large(self, admission: Admission) -> HttpReply:
        """The reply for a body over the limit."""
        problem = ContentTooLarge(f"The body may have {limits.REQUEST_BYTES:,} bytes.")
        return self._refuse(problem, trace=admission.trace, match=admission.match)

    def failed(self, admission: Admission, error: Exception) -> HttpReply:
        """The reply when not the handler but the engine itself failed."""
        outcome = replies.internal(error, trace=admission.trace, entered=False)
        return _reply(outcome, trace=admission.trace, function=admission.match.function.name)

    def _match(self, request: HttpRequest) -> Match:
        if sum(len(name) + len(value) for name, value in request.headers.items()) > limits.HEADER_BYTES:
            raise HeadersTooLarge(f"The headers may have {limits.HEADER_BYTES:,} bytes.")
        try:
            found = self._routes.match(request.method, request.path)
        except UnicodeDecodeError:
            raise BadRequest("The path is not UTF-8.") from None
        if found is None:
            raise NotFound(f"There is no route {request.path}.")
        if isinstance(found, WrongMethod):
            allowed = ", ".join(found.allowed)
            raise MethodNotAllowed(f"{request.path} answers {allowed}.", allow=allowed)
        return found

    def _authenticate(self, request: HttpRequest, match: Match) -> Principal | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        bearer = bool(token) and scheme.lower() == "bearer"
        if not bearer and match.trigger.public:
            return None  # another scheme is between the handler and its caller
        if not bearer:
            raise Unauthorized("This route needs a bearer token: send the header Authorization: Bearer TOKEN.")
        try:
            principal = self._identity.verify(token.strip())
        except InvalidToken as error:
            raise Unauthorized(error.what) from error
        if match.trigger.groups and not principal.groups.intersection(match.trigger.groups):
            raise Forbidden(f"This route is for the groups: {', '.join(match.trigger.groups)}.")
        return principal

    def _refuse(self, problem: Problem, *, trace: str, match: Match | None) -> HttpReply:
        outcome = replies.problem(problem, entered=False)
        extra: tuple[tuple[str, str], ...] = ()
        if isinstance(problem, Unauthorized):
            extra = (("www-authenticate", "Bearer"),)
        elif isinstance(problem, MethodNotAllowed):
            extra = (("allow", str(problem.members["allow"])),)
        name = match.function.name if match else ""
        return _reply(outcome, trace=trace, function=name, extra=extra)

    def _record(self, admission: Admission, outcome: HttpOutcome) -> None:
        trigger = admission.match.trigger
        span = Span(
            trace=admission.trace,
            id=admission.span,
            parent=admission.parent,
            name=f"{trigger.method} {trigger.path}",
            kind="request",
            service=admission.match.function.service,
            start=admission.start,
            duration=self._clock.tick() - admission.started,
            error=str(outcome.status) if outcome.status >= 500 else "",
            detail={"status": str(outcome.status)},
        )
        self._traces.record((span, *outcome.spans))


def _reply(outcome: HttpOutcome, *, trace: str, function: str, extra: tuple[tuple[str, str], ...] = ()) -> HttpReply:
    headers = (*outcome.headers, *extra, ("trace-id", trace))
    return HttpReply(outcome.status, headers, outcome.body, trace, function, outcome.error)
