"""Replies: a handler's result as JSON, an exception as a problem of RFC 9457.

A reply shows no internals.
"""

import re
from datetime import timedelta
from types import NoneType
from typing import Any, get_args, get_origin

import msgspec

from oort.app.handles import codecs
from oort.app.handles.actions import Reply
from oort.model import limits
from oort.model.errors import InvalidUse, StateUnusable, TimedOut, Unavailable
from oort.model.invocations import HttpOutcome
from oort.model.problems import Problem
from oort.runtime import redaction
from oort.runtime.environments import in_full

JSON = ("content-type", "application/json")
PROBLEM = ("content-type", "application/problem+json")


# RFC 9110: a header's name is a token, its value printable. The gateway writes the framing headers.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
# Headers of most replies.
_CHECKED = frozenset({(), (JSON,), (PROBLEM,)})
_FRAMING = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"})


class ServiceUnavailable(Problem):
    """It cannot be done now."""

    status = 503


class BadGateway(Problem):
    """The function ended without a reply."""

    status = 502


class GatewayTimeout(Problem):
    """The function took too long."""

    status = 504


class InternalError(Problem):
    """Something went wrong here."""

    status = 500


def success(result: object, *, kind: object, status: int) -> HttpOutcome:
    """Return the reply for the result of a handler that returns `kind`.

    None has no body, but `X | None` sends it as `null`. Raises InvalidValue for a result that does
    not fit, and InvalidUse for a body with a status that has none.
    """
    headers: tuple[tuple[str, str], ...] = ()
    if isinstance(result, Reply):
        status = status if result.status is None else result.status
        headers = tuple(_checked(name, value) for name, value in result.headers.items())
        result = result.body
    kind = answered(kind)
    if not 200 <= status <= 599 or (status in limits.BODILESS and result is not None):
        raise InvalidUse(
            f"A reply cannot have the status {status}.",
            "Use 200 to 599; 204, 205 and 304 have no body.",
        )
    body = _encoded(result, kind, status=status)
    if not body:
        return HttpOutcome(status=status, headers=headers, body=body, entered=True)
    if len(body) > limits.RESPONSE_BYTES:
        raise InvalidUse(
            f"The reply has {len(body):,} bytes; API Gateway passes {limits.RESPONSE_BYTES:,}.",
            "Return a page of the items.",
        )
    has_content_type = any(name == "content-type" for name, _ in headers)
    return HttpOutcome(
        status=status,
        headers=headers if has_content_type else (JSON, *headers),
        body=body,
        entered=True,
    )


def check(outcome: HttpOutcome) -> None:
    """Raise InvalidUse for an outcome that no function of this module returns."""
    status, body = outcome.status, outcome.body
    if not 200 <= status <= 599 or (status in limits.BODILESS and body):
        raise InvalidUse(f"A reply cannot have the status {status}.")
    if len(body) > 2 * limits.RESPONSE_BYTES:
        raise InvalidUse(f"The reply has {len(body):,} bytes.")
    if outcome.headers not in _CHECKED:
        for name, value in outcome.headers:
            _checked(name, value)


def failure(error: BaseException, *, trace: str, entered: bool) -> HttpOutcome:
    """Return the reply for an exception.

    Only problems show their text; others are a 500 with the trace id.
    """
    if isinstance(error, TimedOut):
        return problem(timed_out(error.after), entered=entered, traceback=in_full(error))
    if isinstance(error, Unavailable | StateUnusable):  # its text is only for the log
        return problem(
            ServiceUnavailable("Try again in 1 s.", retry_after=1),
            entered=entered,
            traceback=in_full(error),
        )
    if isinstance(error, Problem):
        try:
            return problem(error, entered=entered)
        except Exception as broken:  # a member that JSON cannot have, or an invalid status
            error = broken
    return internal(error, trace=trace, entered=entered)


def timed_out(after: timedelta) -> GatewayTimeout:
    """Return the problem for a handler that exceeds its time-out."""
    return GatewayTimeout(
        f"The function was not done after {after.total_seconds():g} s."
        " Its writes before that stay written."
    )


def internal(error: BaseException, *, trace: str, entered: bool) -> HttpOutcome:
    """Return a reply without details: the client gets the trace id to report."""
    what = InternalError("The error was logged; quote the trace when you report it.", trace=trace)
    return problem(what, entered=entered, traceback=in_full(error))


def problem(error: Problem, *, entered: bool, traceback: str = "") -> HttpOutcome:
    """Return the reply for a problem."""
    if not 400 <= error.status <= 599:
        raise InvalidUse(
            f"{type(error).__name__} has the status {error.status}.", "A problem has 400 to 599."
        )
    document = error.document()
    # Before the handler, the text quotes the request. To hide a secret there would confirm a guess.
    body = msgspec.json.encode(redaction.problem(document) if entered else document)
    headers: tuple[tuple[str, str], ...] = (PROBLEM,)
    if isinstance(error, ServiceUnavailable) and "retry_after" in error.members:
        headers = (PROBLEM, ("retry-after", str(error.members["retry_after"])))
    return HttpOutcome(
        status=error.status, headers=headers, body=body, entered=entered, error=traceback
    )


def answered(kind: object) -> object:
    """Return the type of the body, for a handler that returns `kind`; Any if it is not known."""
    if isinstance(kind, type) and kind is not Reply:
        return kind
    if get_origin(kind) is Reply:
        (kind,) = get_args(kind)
    return Any if kind is Reply else NoneType if kind is None else kind


def _encoded(result: object, kind: object, *, status: int) -> bytes:
    if result is None and (kind is Any or status in limits.BODILESS):
        return b""
    body = codecs.written(result, kind)
    return b"" if kind is NoneType else body


def _checked(name: str, value: str) -> tuple[str, str]:
    if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
        raise InvalidUse(
            f"The header {name!r} has a line break or is not Latin-1 text.",
            "Encode the value.",
        )
    if name.lower() in _FRAMING:
        raise InvalidUse(
            f"The header {name!r} belongs to the connection.",
            "Remove the header; the gateway sends it.",
        )
    return name.lower(), value
