"""An execution environment: one function with its handles and its own ports, which runs one invocation at a time.

Ports made by providers live as long as the environment, so connections are pooled; `close` ends them.
"""

import inspect
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import cast

from oort.app.events import Publish
from oort.app.programs import Function, Provider
from oort.app.signatures import HandleParameter, Parameter, ProvidedParameter, PublishParameter
from oort.model.errors import NotFoundHere
from oort.ports.broker import Broker
from oort.ports.clock import Clock
from oort.ports.entropy import Entropy
from oort.runtime.links import EnvironmentLink

Factory = Callable[..., object]


class Environment:
    """Where a function runs. `overrides` replaces providers, by what they make; tests use it."""

    def __init__(
        self,
        function: Function,
        *,
        broker: Broker,
        clock: Clock,
        entropy: Entropy,
        overrides: Mapping[object, Factory] | None = None,
    ) -> None:
        self.function = function
        self.clock = clock
        self.link = EnvironmentLink(service=function.model.service, broker=broker, clock=clock, entropy=entropy)
        self._overrides = {} if overrides is None else overrides
        self._made: dict[object, object] = {}
        self._closers: list[Iterator[object]] = []
        self._arguments: dict[str, object] | None = None

    def arguments(self) -> dict[str, object]:
        """The arguments that stay the same from call to call. The first time, it makes the provided ports."""
        if self._arguments is None:
            parameters = self.function.signature.parameters
            self._arguments = {one.name: self._fixed(one) for one in parameters if _is_fixed(one)}
        return self._arguments

    def enter(self, arguments: dict[str, object]) -> object:
        """Call the handler; an `async` one is run to its end."""
        result = self.function.call(**arguments)
        if inspect.iscoroutine(result):
            import asyncio  # loaded for async handlers only: it is a third of a cold start's imports

            return asyncio.run(result)
        return result

    def close(self) -> None:
        """End the provided ports, newest first."""
        while self._closers:
            next(self._closers.pop(), None)
        self._made.clear()
        self._arguments = None

    def _fixed(self, parameter: Parameter) -> object:
        if isinstance(parameter, HandleParameter):
            handle: object = object.__new__(parameter.resource)
            handle.__dict__.update(_link=self.link, _actions=frozenset(parameter.actions))
            return handle
        if isinstance(parameter, PublishParameter):
            out: object = object.__new__(Publish)
            out.__dict__.update(_link=self.link, _events=parameter.events)
            return out
        return self._provided(cast(ProvidedParameter, parameter).kind)

    def _provided(self, kind: object) -> object:
        if kind not in self._made:
            self._made[kind] = self._make(kind)
        return self._made[kind]

    def _make(self, kind: object) -> object:
        if kind in self._overrides:
            return self._overrides[kind]()
        provider = self._provider(kind)
        result = provider.factory(**{one.name: self._fixed(one) for one in provider.signature.parameters})
        if inspect.isgenerator(result):
            self._closers.append(result)
            return next(result)
        return result

    def _provider(self, kind: object) -> Provider:
        if kind not in self.function.providers:
            raise NotFoundHere(f"Nothing provides {kind}.", "Add @service.provide.")
        return self.function.providers[kind]


def _is_fixed(parameter: Parameter) -> bool:
    return isinstance(parameter, HandleParameter | PublishParameter | ProvidedParameter)


def in_full(error: BaseException) -> str:
    """The traceback of a handler's exception, for logs and dead letters; never for clients."""
    return "".join(traceback.format_exception(error))


def in_short(error: BaseException) -> str:
    """The exception in one line."""
    return f"{type(error).__name__}: {error}".strip().removesuffix(":").replace("\n", " ")
