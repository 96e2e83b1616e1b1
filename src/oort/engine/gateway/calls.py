"""Running requests: each ends once, by its handler, by its time-out or by the end of the server."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol, TypeAlias

from oort.engine.gateway import problem_replies
from oort.engine.gateway.answers import Answers, Begun
from oort.engine.gateway.gateway import Admission
from oort.model.http import HttpReply, HttpRequest
from oort.model.problems import Problem

_LOOK = 0.05  # seconds between two looks at time-outs
_NEVER = float("inf")
Then: TypeAlias = Callable[[HttpReply], None]


class Admitting(Protocol):
    """The gateway of a version, or of all versions. See `Gateway`."""

    def admit(self, request: HttpRequest) -> Admission | HttpReply:
        """Return the admission of a request, or the reply that refuses it."""

    def turn_away(self, request: HttpRequest, problem: Problem) -> HttpReply:
        """Return the reply that refuses a request before its route is looked for."""

    def refuse(self, problem: Problem, admission: Admission) -> HttpReply:
        """Return the reply that refuses an admitted request."""

    def expire(self, admission: Admission) -> HttpReply | None:
        """Return the reply after a time-out; None if the function has just finished."""

    def too_large(self, admission: Admission) -> HttpReply:
        """Return the reply to a body over the limit."""

    def failed(self, admission: Admission, error: Exception) -> HttpReply:
        """Return the reply to a failure of the engine itself."""

    def logout(self, request: HttpRequest) -> HttpReply:
        """Return the reply to a logout."""


class Call:
    """A request that runs. `then` receives its reply, once."""

    __slots__ = ("_calls", "_is_over", "_then", "admitted", "begun", "due")

    def __init__(self, calls: "Calls", admitted: Admission, due: float, then: Then) -> None:
        self.due = due  # of the clock of `time.perf_counter`
        self._calls = calls
        self.admitted = admitted
        self._then = then
        self.begun: Begun | None = None
        self._is_over = False

    def settle(self, outcome: HttpReply | Exception) -> None:
        """End the request with its reply. A second end has no effect."""
        if self._is_over:
            return
        self._is_over = True
        self._calls.running.discard(self)
        # Else the call and its functions would refer to each other until a collection.
        then, self._then, self.begun = self._then, _ignore, None
        if isinstance(outcome, Exception):
            # A handler's own errors are replies already, so this is an error of the engine.
            outcome = self._calls.gateway.failed(self.admitted, outcome)
        then(outcome)

    def expire(self) -> None:
        """End the request at its time-out, unless its function has just finished."""
        gateway, admitted = self._calls.gateway, self.admitted
        if self._is_undone():
            self.settle(gateway.refuse(problem_replies.busy(), admitted))
        elif (reply := gateway.expire(admitted)) is not None:
            self.settle(reply)

    def cancel(self, msg: object = None) -> None:  # noqa: ARG002  as of a task
        """End the request with the server, like a task: soon, not at once."""
        asyncio.get_running_loop().call_soon(self._cut_off)

    def _cut_off(self) -> None:
        gateway, admitted = self._calls.gateway, self.admitted
        if self._is_undone():
            self.settle(gateway.refuse(problem_replies.stopping(), admitted))
        else:
            gateway.expire(admitted)
            self.settle(gateway.refuse(problem_replies.cut_off(), admitted))

    def _is_undone(self) -> bool:
        return self.begun is not None and self.begun.cancel()


class Calls:
    """The requests that run. All methods are called by the event loop.

    Without `timed`, no request has a time-out.
    """

    def __init__(self, gateway: Admitting, answers: Answers, *, timed: bool) -> None:
        self.gateway = gateway
        self.running: set[Call] = set()
        self.answers = answers
        self._timed = timed
        self._looking: asyncio.TimerHandle | None = None

    def prepared(self, admitted: Admission, *, then: Then) -> Call:
        """Return a call for an admitted request. `then` receives its reply at the end, once."""
        due = _NEVER
        if self._timed:
            limit = admitted.match.function.timeout.total_seconds()
            due = time.perf_counter() + limit + self.answers.patience
        return Call(self, admitted, due, then)

    def begin(self, call: Call, body: bytes) -> None:
        """Run the function of the request within its time-out."""
        self.running.add(call)
        if self._looking is None:
            self._looking = asyncio.get_running_loop().call_later(_LOOK, self._look)
        try:
            call.begun = self.answers.begin(call.admitted, body, then=call.settle)
        except RuntimeError as error:  # the threads have ended
            call.settle(error)

    def _look(self) -> None:
        """End the requests after their time-outs. Without requests, the event loop sleeps."""
        now = time.perf_counter()
        for call in [call for call in self.running if call.due <= now]:
            call.expire()
        looks = bool(self.running)
        self._looking = asyncio.get_running_loop().call_later(_LOOK, self._look) if looks else None


def _ignore(_: HttpReply) -> None:
    """Send no reply: the request has ended."""
