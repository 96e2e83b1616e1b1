"""The parts of a function in Lambda, and the steps that all triggers share.

The runtime is the same as in the embedded engine. The environment is created at the first
invocation and kept.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from oort.app.programs import Function
from oort.aws.invoking.logs import JsonLog
from oort.model import limits
from oort.model.errors import InvalidUse, NotGranted
from oort.model.functions import FunctionModel
from oort.model.operations import Refused, Request, Result
from oort.rules import identifiers, permissions
from oort.runtime.alarms import limited
from oort.runtime.environments import Environment
from oort.runtime.operations import Operations

if TYPE_CHECKING:
    from oort.model.platform import PlatformModel
    from oort.ports.bundle import FunctionPorts
    from oort.ports.clock import Clock
    from oort.ports.entropy import Entropy

Event = Mapping[str, object]
# The seconds until Lambda ends the invocation.
Remaining = Callable[[], float]


def unlimited() -> float:
    """Return the seconds of an invocation that nobody ends."""
    return limits.FUNCTION_TIMEOUT.total_seconds()


class Answering(Protocol):
    """A function that answers each invocation."""

    def __call__(self, event: Event, remaining: Remaining = unlimited, /) -> object:
        """Return the answer to the event."""
        ...


class LambdaBroker:
    """See `ports.broker`. One function, one invocation at a time: the token is that of the one that runs."""

    def __init__(self, function: FunctionModel, *, operations: Operations) -> None:
        self._name = function.name
        self._granted = permissions.compiled(function.grants)
        self._operations = operations
        self._token = ""
        self._messages: Collection[str] = ()

    def open(self, token: str, *, messages: Collection[str] = ()) -> None:
        """From now on this invocation may ask, which delivers these messages."""
        self._token = token
        self._messages = messages

    def close(self) -> None:
        """The invocation is over."""
        self._token = ""

    def perform(self, request: Request) -> Result:
        """Carry out the operation if the function may."""
        if not self._token or request.token != self._token:
            return Refused(NotGranted.code, "The invocation is over; its token is no longer good.")
        operation = request.operation
        refused = permissions.refusal(
            self._name, granted=self._granted, messages=self._messages, operation=operation
        )
        if refused is not None:
            return refused
        return self._operations.perform(operation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of a function, built by the entry."""

    function: Function
    platform: "PlatformModel"
    broker: LambdaBroker
    ports: "FunctionPorts"
    log: JsonLog
    clock: "Clock"
    entropy: "Entropy"

    def environment(self) -> Environment:
        """Return the environment in which the handler runs."""
        return Environment(
            self.function,
            broker=self.broker,
            clock=self.clock,
            entropy=self.entropy,
            limit=limited,
        )

    @contextmanager
    def invocation(self, messages: Collection[str] = ()) -> Iterator[str]:
        """Begin an invocation and yield its id.

        The id is also the token: no other invocation in this process could use it.
        """
        now = int(self.clock.now().timestamp() * 1000)
        token = identifiers.uuid7(now, self.entropy.bits(74))
        self.broker.open(token, messages=messages)
        try:
            yield token
        finally:
            self.broker.close()

    def new_trace(self) -> tuple[str, str]:
        """Return a new trace and its first span, for an invocation without a caller's trace."""
        return f"{self.entropy.bits(128) or 1:032x}", f"{self.entropy.bits(64) or 1:016x}"

    def ended(
        self,
        message: str,
        started: int,
        *,
        failed: int,
        rang: int = 0,
        error: str = "",
        **fields: int,
    ) -> None:
        """Write the line that ends an invocation, with its duration since `started`."""
        took = (self.clock.tick() - started) / 1e6
        self.log.invocation(
            message, failed=failed, rang=rang, milliseconds=took, traceback=error, **fields
        )

    def unreadable(self) -> InvalidUse:
        """Return the error for an event of another trigger."""
        name = self.function.model.name
        return InvalidUse(
            f"{name} was invoked with what it cannot read.", "Invoke it through its trigger."
        )
