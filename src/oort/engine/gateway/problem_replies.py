"""The problems with which the gateway itself answers, and the headers that belong to them. Handlers raise others."""

from datetime import timedelta
from typing import Literal, TypeAlias

from oort.model import limits
from oort.model.problems import Problem, Unauthorized
from oort.rules.http import throttles
from oort.runtime.replies import ServiceUnavailable

# Whether the gateway's own rates hold, only those that routes declare, or none at all.
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


class HeadersTooLarge(Problem):
    """The headers are too large."""

    status = 431


class GatewayTimeout(Problem):
    """The function took too long."""

    status = 504


def too_often(wait: timedelta) -> TooManyRequests:
    """What a throttled client gets."""
    seconds = throttles.retry_after(wait)
    return TooManyRequests(f"Try again in {seconds} s.", retry_after=seconds)


def too_large() -> ContentTooLarge:
    """What a body over the limit gets."""
    return ContentTooLarge(f"The body may have {limits.REQUEST_BYTES:,} bytes.")


def too_slow() -> RequestTimeout:
    """What a body that does not come gets."""
    pause, whole = limits.CLIENT_PAUSE.total_seconds(), limits.CLIENT_TIME.total_seconds()
    return RequestTimeout(f"A body may pause for {pause:g} s and take {whole:g} s.")


def busy() -> ServiceUnavailable:
    """What a request too many gets; its handler was not entered."""
    return ServiceUnavailable("Try again in 1 s.", retry_after=1)


def timed_out(after: timedelta) -> GatewayTimeout:
    """What the caller of a handler gets that is not done in time."""
    return GatewayTimeout(
        f"The function was not done after {after.total_seconds():g} s. What it had written by then stays written."
    )


def headers(problem: Problem) -> tuple[tuple[str, str], ...]:
    """What the problem says in headers, besides its body."""
    if isinstance(problem, Unauthorized):
        return (("www-authenticate", "Bearer"),)
    if isinstance(problem, MethodNotAllowed):
        return (("allow", str(problem.members["allow"])),)
    if isinstance(problem, TooManyRequests | ServiceUnavailable):
        return (("retry-after", str(problem.members["retry_after"])),)
    if isinstance(problem, RequestTimeout):
        return (("connection", "close"),)  # nobody waits for the rest of the body
    return ()
