"""Turns what a handler returns or raises into a reply: JSON, or a problem of RFC 9457 that shows no internals."""

import msgspec

from oort.app.http import Reply
from oort.model import limits
from oort.model.errors import InvalidUse, InvalidValue, LimitExceeded
from oort.model.invocations import HttpOutcome
from oort.model.problems import BadRequest, Json, Problem
from oort.runtime.environments import in_full

JSON = ("content-type", "application/json")
PROBLEM = ("content-type", "application/problem+json")


class InternalError(Problem):
    """Something went wrong here."""

    status = 500


def success(result: object, *, status: int) -> HttpOutcome:
    """The reply for a returned value. None has no body."""
    headers: tuple[tuple[str, str], ...] = ()
    if isinstance(result, Reply):
        status = status if result.status is None else result.status
        headers = tuple(_checked(name, value) for name, value in result.headers.items())
        result = result.body
    if result is None:
        return HttpOutcome(status=status, headers=headers, body=b"", entered=True)
    body = msgspec.json.encode(result)
    if len(body) > limits.RESPONSE_BYTES:
        raise LimitExceeded(
            f"The reply has {len(body):,} bytes; API Gateway passes {limits.RESPONSE_BYTES:,}.", "Use pages."
        )
    return HttpOutcome(status=status, headers=(JSON, *headers), body=body, entered=True)


def failure(error: Exception, *, trace: str, entered: bool) -> HttpOutcome:
    """The reply for an exception. Only problems speak for themselves; anything else is a 500 with the trace's id."""
    if isinstance(error, InvalidValue | LimitExceeded):
        return problem(BadRequest(error.what), entered=entered)
    if isinstance(error, Problem):
        return problem(error, entered=entered)
    what = InternalError("The error was logged; quote the trace when you report it.", trace=trace)
    return problem(what, entered=entered, traceback=in_full(error))


def problem(error: Problem, *, entered: bool, traceback: str = "") -> HttpOutcome:
    """The reply for a problem."""
    document: dict[str, Json] = error.document()
    body = msgspec.json.encode(document)
    return HttpOutcome(status=error.status, headers=(PROBLEM,), body=body, entered=entered, error=traceback)


def _checked(name: str, value: str) -> tuple[str, str]:
    if any(character in name + value for character in "\r\n\0"):
        raise InvalidUse(f"The header {name!r} holds a line break.", "Encode the value.")
    return name.lower(), value
