"""The in-process invoker: warm environments for every function, each with a single
invocation at a time.

Tests, debuggers and the virtual clock need this transport. It cannot end a handler that hangs;
docs/limits.md says so.
"""

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from msgspec.structs import replace

from oort.app.programs import Function, Program
from oort.engine.invoking.broker import EngineBroker
from oort.engine.invoking.cutoff import Cutoff
from oort.model.invocations import (
    BatchInvocation,
    BatchOutcome,
    CallInvocation,
    CallOutcome,
    HttpInvocation,
    HttpOutcome,
)
from oort.model.messages import Delivery
from oort.model.operations import CallFunction
from oort.ports.clock import Clock
from oort.ports.entropy import Entropy
from oort.rules import identifiers, triggers
from oort.runtime import invoke
from oort.runtime.environments import Environment, Factory
from oort.runtime.requests import RequestReader


class InProcessInvoker:
    """Runs functions in the caller's thread.

    `overrides` replaces providers by factories; `through` are the exceptions of a test runner.
    """

    def __init__(
        self,
        program: Program,
        *,
        broker: EngineBroker,
        clock: Clock,
        entropy: Entropy,
        overrides: Mapping[object, Factory] | None = None,
        through: tuple[type[BaseException], ...] = (),
        timed: bool = True,
    ) -> None:
        self._through = through
        self._timed = timed
        self._functions = program.functions
        self._broker = broker
        self._clock = clock
        self._entropy = entropy
        self._overrides = {} if overrides is None else overrides  # shared: the test kit adds to it
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._idle: dict[str, list[Environment]] = defaultdict(list)
        self._readers = {
            name: RequestReader(function) for name, function in program.functions.items()
        }

    def function(self, name: str) -> Function:
        """Return the function with that name; KeyError if there is none."""
        return self._functions[name]

    def request(
        self, name: str, invocation: HttpInvocation, *, cutoff: Cutoff | None = None
    ) -> HttpOutcome:
        """Run a function for a request, whose token is created here.

        `cutoff` can revoke the rights of the invocation, but cannot end its thread.
        """
        with self._environment(name) as (environment, token):
            if cutoff is not None:
                cutoff.begin(lambda: self._broker.close(token))
            return invoke.request(
                environment, self._readers[name], replace(invocation, token=token)
            )

    def batch(self, name: str, deliveries: tuple[Delivery, ...], *, id: str) -> BatchOutcome:
        """Run a function for a batch of deliveries."""
        messages = frozenset(delivery.message.id for delivery in deliveries)
        with self._environment(name, messages) as (environment, token):
            lasts = triggers.lasts(environment.function.model).total_seconds()
            invocation = BatchInvocation(id=id, token=token, deliveries=deliveries, lasts=lasts)
            return invoke.batch(environment, invocation, ending=self._ending.is_set)

    def call(self, name: str, operation: CallFunction) -> CallOutcome:
        """Run the function that answers the call."""
        identifier = identifiers.new(self._clock.now(), self._entropy.bits)
        with self._environment(name) as (environment, token):
            invocation = CallInvocation(
                id=identifier, token=token, traceparent=operation.traceparent, body=operation.body
            )
            return invoke.call(environment, invocation)

    def wind_down(self) -> None:
        """See `Invoker`."""
        self._ending.set()

    def close(self) -> None:
        """Close every idle environment. Call it when no invocation runs."""
        with self._lock:
            environments = [environment for idle in self._idle.values() for environment in idle]
            self._idle.clear()
        for environment in environments:
            environment.close()

    @contextmanager
    def _environment(
        self, name: str, messages: frozenset[str] = frozenset()
    ) -> Iterator[tuple[Environment, str]]:
        """A warm or new environment, and a token that is valid for this invocation."""
        with self._lock:
            environment = self._idle[name].pop() if self._idle[name] else None
        if environment is None:
            function = self._functions[name]
            environment = Environment(
                function,
                broker=self._broker,
                clock=self._clock,
                entropy=self._entropy,
                overrides=self._overrides,
                through=self._through,
                timed=self._timed,
            )
        token = self._broker.open(name, messages=messages)
        try:
            yield environment, token
        finally:
            self._broker.close(token)
            with self._lock:
                self._idle[name].append(environment)
