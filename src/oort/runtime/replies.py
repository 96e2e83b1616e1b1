"""Replies: a handler's result as JSON, an exception as a problem of RFC 9457.

A reply shows no internals.
"""

import re

import msgspec

from oort.app.handles.actions import Reply
from oort.model import limits
from oort.model.errors import InvalidUse, InvalidValue, LimitExceeded, Unavailable
from oort.model.invocations import HttpOutcome
from oort.model.problems import BadRequest, Problem
from oort.rules.types import models
from oort.runtime import redaction
from oort.runtime.environments import in_full

JSON = ("content-type", "application/json")
PROBLEM = ("content-type", "application/problem+json")


# RFC 9110: a header's name is a token, its value printable. The gateway writes the framing headers.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_FRAMING = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"})


class ServiceUnavailable(Problem):
    """It cannot be done now."""

    status = 503


class InternalError(Problem):
    """Something went wrong here."""

    status = 500


def success(result: object, *, status: int) -> HttpOutcome:
    """Return the reply for a handler's result.

    None has no body. Raises InvalidUse for a body with a status that has none.
    """
    headers: tuple[tuple[str, str], ...] = ()
    if isinstance(result, Reply):
        status = status if result.status is None else result.status
        headers = tuple(_checked(name, value) for name, value in result.headers.items())
        result = result.body
    if not 200 <= status <= 599 or (status in limits.BODILESS and result is not None):
        raise InvalidUse(
            f"A reply cannot have the status {status}.",
            "Use 200 to 599; 204, 205 and 304 have no body.",
        )
    if result is None:
        return HttpOutcome(status=status, headers=headers, body=b"", entered=True)
    body = msgspec.json.encode(result, enc_hook=models.dump)
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


def failure(error: BaseException, *, trace: str, entered: bool) -> HttpOutcome:
    """Return the reply for an exception.

    Only problems show their text; others are a 500 with the trace id.
    """
    if isinstance(error, InvalidValue | LimitExceeded):
        return problem(BadRequest(error.what), entered=entered)
    if isinstance(error, Unavailable):  # its text is only for the log
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
    return HttpOutcome(
        status=error.status, headers=(PROBLEM,), body=body, entered=entered, error=traceback
    )


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
