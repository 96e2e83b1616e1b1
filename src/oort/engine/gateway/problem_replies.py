"""The problems with which the gateway itself replies, and their headers.

Handlers raise other problems.
"""

from datetime import timedelta
from typing import Literal, TypeAlias

from oort.model import limits
from oort.model.problems import Problem, Unauthorized
from oort.rules.http import throttles
from oort.runtime.replies import ServiceUnavailable

# The rates that hold: the gateway's own and those of routes, only those that
# routes declare, or none.
Throttling: TypeAlias = Literal["all", "declared", "none"]


class MethodNotAllowed(Problem):
    """The path has no such method."""

    status = 405


class RequestTimeout(Problem):
    """The request came too slowly."""

    status = 408


class ContentTooLarge(Problem):
    """The body is too large."""

    status = 413


class TooManyRequests(Problem):
    """The client calls this route too often."""

    status = 429


class Stopping(ServiceUnavailable):
    """The platform is stopping."""


class HeadersTooLarge(Problem):
    """The headers are too large."""

    status = 431


def too_often(wait: timedelta) -> TooManyRequests:
    """Return the problem for a throttled client."""
    seconds = throttles.retry_after(wait)
    return TooManyRequests(f"Try again in {seconds} s.", retry_after=seconds)


def too_large() -> ContentTooLarge:
    """Return the problem for a body over the limit."""
    return ContentTooLarge(f"The body may have {limits.REQUEST_BYTES:,} bytes.")


def too_slow() -> RequestTimeout:
    """Return the problem for a body that exceeds the time limits of a client."""
    pause, total = limits.CLIENT_PAUSE.total_seconds(), limits.CLIENT_TIME.total_seconds()
    return RequestTimeout(f"A body may pause for {pause:g} s and take {total:g} s.")


def busy() -> ServiceUnavailable:
    """Return the problem for a request over the limit of running requests.

    Its handler was not entered.
    """
    return ServiceUnavailable("Try again in 1 s.", retry_after=1)


def stopping() -> Stopping:
    """Return the problem for a request that comes while the platform stops. Nothing was done."""
    return Stopping("Nothing was done. Try again in 1 s.", retry_after=1)


def cut_off() -> Stopping:
    """Return the problem for a request whose function was ended for the end of the platform.

    It has no Retry-After: a client that repeats the request may write twice.
    """
    return Stopping(
        "The platform stops, and the function was cut off. Its writes before that stay written."
    )


def headers(problem: Problem) -> tuple[tuple[str, str], ...]:
    """Return the headers that belong to the problem, beside those that every target gives it."""
    if isinstance(problem, Unauthorized):
        return (("www-authenticate", "Bearer"),)
    if isinstance(problem, MethodNotAllowed):
        return (("allow", str(problem.members["allow"])),)
    if isinstance(problem, TooManyRequests):
        return (("retry-after", str(problem.members["retry_after"])),)
    # After a time-out, the gateway does not read the rest of the body.
    if isinstance(problem, RequestTimeout | Stopping):
        return (("connection", "close"),)
    return ()
