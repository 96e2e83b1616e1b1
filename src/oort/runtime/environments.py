"""An execution environment: one function with its handles and its own ports, which runs one invocation at a time.

Ports made by providers live as long as the environment, so connections are pooled; `close` ends them.
"""

import inspect
import traceback
from collections.abc import Callable, Coroutine, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from oort.app.declaring.parameters import (
    CallParameter,
    HandleParameter,
    Kept,
    OnceParameter,
    ProvidedParameter,
    PublishParameter,
)
from oort.app.programs import Function, Provider
from oort.model.errors import InvalidUse, NotFoundHere
from oort.runtime import redaction
from oort.runtime.links import EnvironmentLink

if TYPE_CHECKING:
    from oort.ports.broker import Broker
    from oort.ports.clock import Clock
    from oort.ports.entropy import Entropy

Factory = Callable[..., object]

# A dead letter and a log line carry this much of a traceback; an exception may quote megabytes of data.
_LONGEST = 20_000


class Environment:
    """Where a function runs. `overrides` replaces providers, by what they make; tests use it."""

    def __init__(
        self,
        function: Function,
        *,
        broker: "Broker",
        clock: "Clock",
        entropy: "Entropy",
        overrides: Mapping[object, Factory] | None = None,
    ) -> None:
        self.function = function
        self.clock = clock
        self.link = EnvironmentLink(
            service=function.model.service, broker=broker, clock=clock, entropy=entropy
        )
        self._overrides = {} if overrides is None else overrides
        self._made: dict[object, object] = {}
        self._closers: list[Iterator[object]] = []
        self._arguments: dict[str, object] | None = None
        self._until: dict[object, datetime] = {}  # until when a cached value is good

    def arguments(self) -> dict[str, object]:
        """The arguments that stay the same from call to call. The first time, it makes the provided ports."""
        if self._arguments is None:
            parameters = self.function.signature.parameters
            self._arguments = {
                one.name: self._fixed(one) for one in parameters if isinstance(one, Kept)
            }
        elif self._until:
            self._renew(self._arguments)
        return self._arguments

    def enter(self, arguments: dict[str, object]) -> object:
        """Call the handler; an `async` one is run to its end."""
        result = self.function.call(**arguments)
        return _awaited(result) if inspect.iscoroutine(result) else result

    def close(self) -> None:
        """End the provided ports, newest first. One that fails to end is logged and does not keep the others open."""
        while self._closers:
            try:
                next(self._closers.pop(), None)
            except Exception:
                import logging  # for what hardly ever happens

                logging.getLogger(__name__).warning(
                    "A provider of %s did not close.", self._name, exc_info=True
                )
        self._made.clear()
        self._until.clear()
        self._arguments = None

    @property
    def _name(self) -> str:
        return self.function.model.name

    def _fixed(self, parameter: Kept) -> object:
        match parameter:
            case ProvidedParameter(kind=kind):
                return self._provided(kind)
            case HandleParameter() | PublishParameter() | CallParameter() | OnceParameter():
                return parameter.handle(self.link)

    def _provided(self, kind: object) -> object:
        if kind not in self._made:
            self._made[kind] = self._make(kind)
        return self._made[kind]

    def _renew(self, arguments: dict[str, object]) -> None:
        """Make the cached values anew whose time is over."""
        now = self.clock.now()
        for kind in [kind for kind, until in self._until.items() if until <= now]:
            self._made.pop(kind, None)
        for one in self.function.signature.parameters:
            if isinstance(one, ProvidedParameter):
                arguments[one.name] = self._provided(one.kind)

    def _make(self, kind: object) -> object:
        if kind in self._overrides:
            self._until.pop(kind, None)
            return self._opened(self._overrides[kind]())
        provider = self._provider(kind)
        if provider.ttl is not None:
            self._until[kind] = self.clock.now() + provider.ttl
        needed = (one for one in provider.signature.parameters if isinstance(one, Kept))
        return self._opened(provider.factory(**{one.name: self._fixed(one) for one in needed}))

    def _opened(self, result: object) -> object:
        """What the factory made; a generator has yielded it, and goes on when the environment closes."""
        if not inspect.isgenerator(result):
            return result
        for port in result:
            self._closers.append(result)
            return port
        raise InvalidUse(f"The provider {result.__name__} yields nothing.", "Yield the port once.")

    def _provider(self, kind: object) -> Provider:
        if kind not in self.function.providers:
            raise NotFoundHere(f"Nothing provides {kind}.", "Add @service.provide.")
        return self.function.providers[kind]


def in_full(error: BaseException) -> str:
    """The traceback of a handler's exception, for logs and dead letters; never for clients. The end of a long one."""
    return redaction.text("".join(traceback.format_exception(error)))[-_LONGEST:]


def in_short(error: BaseException) -> str:
    """The exception in one line of at most 500 characters."""
    try:
        said = str(error)
    except Exception:  # an exception of the user's own may be broken itself
        said = "its text cannot be read"
    said = redaction.text(said)  # before it is cut: a part of a value would not be found
    return " ".join(f"{type(error).__name__}: {said}".strip().removesuffix(":").split())[:500]


def _awaited(coroutine: Coroutine[object, object, object]) -> object:
    import asyncio  # loaded for async handlers only: it is a third of a cold start's imports

    try:
        return asyncio.run(coroutine)
    except (
        asyncio.CancelledError
    ) as error:  # no Exception: it would end the thread that serves everybody
        raise InvalidUse("The handler was cancelled.", "Catch what cancels it.") from error
