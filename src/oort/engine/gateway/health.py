"""The pages for load balancers and supervisors: the process is alive, the platform is ready.

Both are answered on the event loop, for every Host header, and are neither logged nor traced.
"""

from collections.abc import Callable

from oort.engine.gateway import problem_replies
from oort.model.http import PREFIX, HttpReply
from oort.model.problems import Problem
from oort.runtime import replies

HEALTH = f"{PREFIX}health"
READY = f"{PREFIX}ready"


class Health:
    """The state of a platform. `obstacle` returns the reason if work cannot
    be accepted now, else an empty text."""

    def __init__(self, obstacle: Callable[[], str]) -> None:
        self._obstacle = obstacle
        self._is_draining = False

    def drain(self) -> None:
        """Be not ready from now on: the platform is about to stop."""
        self._is_draining = True

    def page(self, path: str) -> HttpReply | None:
        """Return the page of the path, or None for other paths."""
        if path == HEALTH:
            return _ok(b'{"status":"alive"}')
        if path != READY:
            return None
        if self._is_draining:
            return _refused(problem_replies.stopping())
        if obstacle := self._obstacle():
            return _refused(replies.ServiceUnavailable(obstacle, retry_after=1))
        return _ok(b'{"status":"ready"}')


_HEADERS = (("cache-control", "no-store"), ("x-content-type-options", "nosniff"))


def _ok(body: bytes) -> HttpReply:
    return HttpReply(200, (replies.JSON, *_HEADERS), body, trace="")


def _refused(problem: Problem) -> HttpReply:
    outcome = replies.problem(problem, entered=False)
    headers = (*outcome.headers, *_HEADERS)
    return HttpReply(outcome.status, headers, outcome.body, trace="")
