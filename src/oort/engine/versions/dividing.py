"""Invocations divided among the live versions: requests, messages and calls.

A version is drawn for each invocation. `Division` is replaced as a whole, so a change of shares is a single step for
all three.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from oort.engine.engine import Parts
from oort.engine.gateway.answers import Answers, Begun, InWorkers, Then
from oort.engine.gateway.gateway import Admission, Gateway
from oort.engine.invoking.dispatcher import SLICE
from oort.engine.workers.invoker import WorkerInvoker
from oort.model.functions import FunctionModel
from oort.model.http import HttpReply, HttpRequest
from oort.model.invocations import CallOutcome, HttpInvocation, HttpOutcome, labelled
from oort.model.operations import CallFunction
from oort.model.problems import NotFound, Problem
from oort.model.versions import LiveVersion
from oort.ports.clock import Clock
from oort.ports.entropy import Entropy
from oort.rules import triggers, versions
from oort.rules.messaging import calls


@dataclass(frozen=True, slots=True)
class Divided:
    """A live version, and the parts of the engine that run its functions."""

    version: LiveVersion
    parts: Parts
    answers: Answers
    consumers: Mapping[str, FunctionModel]
    answering: Mapping[str, FunctionModel]

    @property
    def invoker(self) -> WorkerInvoker:
        """The worker processes of the version."""
        assert isinstance(self.parts.invoker, WorkerInvoker)
        return self.parts.invoker

    def name(self, version: str) -> None:
        """Name the version in logs and traces; "" while it is alone."""
        self.parts.gateway.version = self.parts.consumers.version = version


def divided(version: LiveVersion, parts: Parts) -> Divided:
    """Return a live version on its parts."""
    functions = tuple(version.model.functions)
    assert isinstance(parts.invoker, WorkerInvoker)
    return Divided(
        version,
        parts,
        InWorkers(parts.gateway, parts.invoker),
        triggers.consumers(functions),
        triggers.answering(functions),
    )


class Division:
    """The live versions, oldest first. Safe to use from every thread."""

    def __init__(self, first: Divided, *, entropy: Entropy) -> None:
        self.live: tuple[Divided, ...] = (first,)
        self._entropy = entropy

    def find(self, name: str) -> Divided | None:
        """Return the version with the name, "" for the oldest; None if it is not live."""
        if not name:
            return self.live[0]
        return next((each for each in self.live if each.version.name == name), None)

    def drawn(self, candidates: Iterable[tuple[Divided, FunctionModel]]) -> Divided | None:
        """Draw a version for an invocation of these functions. None if none of them has a share."""
        shares = _with_share(candidates)
        if len(shares) < 2:
            return shares[0][0] if shares else None
        place = versions.drawn([share for _, share in shares], self._entropy.chance())
        return shares[place][0]

    def consumers(self, queue: str) -> list[tuple[Divided, FunctionModel]]:
        """Return the versions with a share that consume the queue, each with its function."""
        return [
            (each, function)
            for each in self.live
            if (function := each.consumers.get(queue)) and each.version.share(function.service)
        ]

    def call(self, _: str, operation: CallFunction) -> CallOutcome:
        """Draw a version for a call, and run its function that answers the call."""
        each = self.drawn(
            (each, function)
            for each in self.live
            if (function := each.answering.get(operation.call)) is not None
        )
        if each is None:
            return CallOutcome(result=calls.unanswered(operation.call))
        outcome = each.parts.invoker.call(each.answering[operation.call].name, operation)
        return replace(outcome, spans=labelled(outcome.spans, each.parts.gateway.version))


def _with_share(
    candidates: Iterable[tuple[Divided, FunctionModel]],
) -> list[tuple[Divided, int]]:
    return [
        (each, share)
        for each, function in candidates
        if (share := each.version.share(function.service))
    ]


class DividedGateway:
    """The gateways of all versions. See `Gateway`."""

    def __init__(self, division: Division) -> None:
        self._division = division

    def admit(self, request: HttpRequest) -> Admission | HttpReply:
        """Draw a version that has the route. See `Gateway.admit`.

        A route that only some versions have is theirs. Without a route, a version that has none refuses.
        """
        live = self._division.live
        if len(live) == 1:
            return live[0].parts.gateway.admit(request)
        routes = [(each, each.parts.gateway.function_for(request)) for each in live]
        each = self._division.drawn(
            (each, function) for each, function in routes if function is not None
        )
        if each is None:
            each = next((each for each, function in routes if function is None), None)
        if each is None:
            return self._first.turn_away(request, NotFound(f"There is no route {request.path}."))
        return each.parts.gateway.admit(request)

    def invocation(self, admission: Admission, body: bytes) -> HttpInvocation | HttpReply:
        """See `Gateway.invocation`."""
        return self._of(admission).invocation(admission, body)

    def answer(self, admission: Admission, body: bytes) -> HttpReply:
        """See `Gateway.answer`."""
        return self._of(admission).answer(admission, body)

    def reply(self, admission: Admission, outcome: HttpOutcome) -> HttpReply:
        """See `Gateway.reply`."""
        return self._of(admission).reply(admission, outcome)

    def turn_away(self, request: HttpRequest, problem: Problem) -> HttpReply:
        """See `Gateway.turn_away`."""
        return self._first.turn_away(request, problem)

    def refuse(self, problem: Problem, admission: Admission) -> HttpReply:
        """See `Gateway.refuse`."""
        return self._of(admission).refuse(problem, admission)

    def expire(self, admission: Admission) -> HttpReply | None:
        """See `Gateway.expire`."""
        return self._of(admission).expire(admission)

    def too_large(self, admission: Admission) -> HttpReply:
        """See `Gateway.too_large`."""
        return self._of(admission).too_large(admission)

    def failed(self, admission: Admission, error: Exception) -> HttpReply:
        """See `Gateway.failed`."""
        return self._of(admission).failed(admission, error)

    def logout(self, request: HttpRequest) -> HttpReply:
        """See `Gateway.logout`."""
        return self._first.logout(request)

    @property
    def _first(self) -> Gateway:
        return self._division.live[0].parts.gateway

    def _of(self, admission: Admission) -> Gateway:
        each = self._division.find(admission.version)
        return self._first if each is None else each.parts.gateway


class DividedAnswers:
    """The answers of all versions. See `Answers`."""

    def __init__(self, division: Division, gateway: DividedGateway) -> None:
        self._division = division
        self._gateway = gateway
        self.patience = division.live[0].answers.patience

    def begin(self, admission: Admission, body: bytes, *, then: Then) -> Begun | None:
        """Run the function in the version that admitted the request. See `Answers.begin`.

        If that version has lost its share while the body arrived, another version admits the request.
        """
        each = self._division.find(admission.version)
        if each is not None and each.version.share(admission.match.function.service):
            return each.answers.begin(admission, body, then=then)
        again = self._gateway.admit(admission.arrival.request)
        if isinstance(again, HttpReply):
            then(again)
            return None
        each = self._division.find(again.version)
        assert each is not None  # the event loop alone changes the versions
        return each.answers.begin(replace(again, cutoff=admission.cutoff), body, then=then)

    def close(self) -> None:
        """See `Answers.close`."""
        for each in self._division.live:
            each.answers.close()


class DividedConsumers:
    """The consumers of all versions. A version is drawn for each batch. See `Consuming`."""

    def __init__(self, division: Division, clock: Clock) -> None:
        self._division = division
        self._clock = clock

    def __contains__(self, queue: str) -> bool:
        return bool(self._division.consumers(queue))

    def batches(self, queue: str, *, most: int) -> int:
        """See `Consuming`. The size of a batch is that of the oldest version."""
        consumers = self._division.consumers(queue)
        return consumers[0][0].parts.consumers.batches(queue, most=most) if consumers else 0

    def drain(
        self,
        queue: str,
        *,
        stopping: Callable[[], bool],
        leased: Callable[[], None] = lambda: None,
    ) -> int:
        """See `Consuming`."""
        consumers = self._division.consumers(queue)
        if len(consumers) == 1:  # whoever changes the shares makes new consumers, which ends this
            return consumers[0][0].parts.consumers.drain(queue, stopping=stopping, leased=leased)
        number, waiting = 0, [leased]
        end = self._clock.tick() + SLICE.total_seconds() * 1e9

        def once() -> None:
            if waiting:
                waiting.pop()()

        try:
            while not stopping() and self._clock.tick() < end:
                each = self._division.drawn(self._division.consumers(queue))
                if each is None:
                    break
                taken = each.parts.consumers.drain(queue, stopping=_after_one(), leased=once)
                if not taken:
                    break
                number += taken
        finally:
            once()
        return number


def _after_one() -> Callable[[], bool]:
    """Return a function that says False once, then True: a drain ends after its first batch."""
    answers = iter((False,))
    return lambda: next(answers, True)
