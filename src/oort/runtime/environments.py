"""An execution environment: it runs the invocations of a single function, one after another.

Providers' ports live as long as the environment, so connections are pooled; `close` ends them.
"""

import inspect
import traceback
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import AbstractContextManager
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from oort.app.declaring.parameters import (
    CallParameter,
    HandleParameter,
    Kept,
    OnceParameter,
    ProvidedParameter,
    PublishParameter,
)
from oort.app.handles import codecs
from oort.app.programs import Function, Provider
from oort.model.errors import InvalidUse, NotFoundHere
from oort.runtime import redaction
from oort.runtime.links import EnvironmentLink

if TYPE_CHECKING:
    from oort.ports.broker import Broker
    from oort.ports.clock import Clock
    from oort.ports.entropy import Entropy

Factory = Callable[..., object]
# Ends the block by TimedOut after the time.
Limit = Callable[[timedelta], AbstractContextManager[None]]

# Characters of a traceback in a dead letter or log line; an exception may quote megabytes of data.
_LONGEST = 20_000
_NO_NAMES: Mapping[str, object] = {}


class Environment:
    """An environment of a function, with its handles and ports.

    `overrides` replaces providers, by the provided type; tests use this. `limit` runs a handler
    within its time-out; without it, the time-out is checked when the handler ends. A handler that is
    not `timed` has no limit, for a debugger. What a handler raises is
    an error of its invocation, except the exceptions in `through`: a test runner ends tests by them.
    """

    def __init__(
        self,
        function: Function,
        *,
        broker: "Broker",
        clock: "Clock",
        entropy: "Entropy",
        overrides: Mapping[object, Factory] | None = None,
        through: tuple[type[BaseException], ...] = (),
        limit: Limit | None = None,
        timed: bool = True,
    ) -> None:
        self._limit = limit
        self.function = function
        self.timeout = function.model.timeout if timed else None
        self.through = through
        self.clock = clock
        self.link = EnvironmentLink(
            service=function.model.service, broker=broker, clock=clock, entropy=entropy
        )
        self._overrides = {} if overrides is None else overrides
        self._ports: dict[object, object] = {}
        self._closers: list[Iterator[object]] = []
        kept = [each for each in function.signature.parameters if isinstance(each, Kept)]
        self._provided_ports = [each for each in kept if isinstance(each, ProvidedParameter)]
        self._handles = [each for each in kept if not isinstance(each, ProvidedParameter)]
        self._arguments: dict[str, object] | None = None  # the provided ports
        self._expiry: dict[object, datetime] = {}  # the end of each cached value's ttl

    def arguments(self) -> dict[str, object]:
        """Return the handles of the running invocation, and the provided ports.

        The first call makes the ports.
        """
        if self._arguments is None:
            self._arguments = {
                port.name: self._provided(port.kind) for port in self._provided_ports
            }
        elif self._expiry:
            self._renew(self._arguments)
        if not self._handles:
            return self._arguments
        link = self.link.own()
        return {**self._arguments, **{each.name: each.handle(link) for each in self._handles}}

    def prepare(self) -> None:
        """Make the provided ports before the first invocation."""
        if self._limit is None:
            self.arguments()
        else:
            with self._limit(self.function.model.timeout):
                self.arguments()

    def enter(self, arguments: dict[str, object]) -> object:
        """Call the handler and return its result; run an `async` handler to its end.

        Context variables that the handler sets, such as an open `atomic()`, end with the invocation.
        """
        if self._limit is None:
            result = copy_context().run(self._enter, arguments)
            self.link.check_time()
            return result
        with self._limit(self.function.model.timeout):
            return copy_context().run(self._enter, arguments)

    def _enter(self, arguments: dict[str, object]) -> object:
        result = self.function.call(**arguments)
        return _awaited(result) if inspect.iscoroutine(result) else result

    def close(self) -> None:
        """Close the provided ports, newest first.

        An error is logged, and the other ports are closed all the same.
        """
        while self._closers:
            try:
                next(self._closers.pop(), None)
            except BaseException:  # whatever it raises, the others are closed
                import logging  # rarely needed

                logging.getLogger(__name__).warning(
                    "A provider of %s did not close.", self._name, exc_info=True
                )
        self._ports.clear()
        self._expiry.clear()
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
        if kind not in self._ports:
            self._ports[kind] = self._make(kind)
        return self._ports[kind]

    def _renew(self, arguments: dict[str, object]) -> None:
        """Replace the cached values whose ttl has ended."""
        now = self.clock.now()
        for kind in [kind for kind, until in self._expiry.items() if until <= now]:
            self._ports.pop(kind, None)
        for parameter in self.function.signature.parameters:
            if isinstance(parameter, ProvidedParameter):
                arguments[parameter.name] = self._provided(parameter.kind)

    def _make(self, kind: object) -> object:
        if kind in self._overrides:
            self._expiry.pop(kind, None)
            return self._opened(self._overrides[kind]())
        provider = self._provider(kind)
        if provider.ttl is not None:
            self._expiry[kind] = self.clock.now() + provider.ttl
        needed = (
            parameter for parameter in provider.signature.parameters if isinstance(parameter, Kept)
        )
        made = self._opened(
            provider.factory(**{parameter.name: self._fixed(parameter) for parameter in needed})
        )
        if provider.ttl is not None and codecs.is_json(kind):
            codecs.held(made, kind)
        return made

    def _opened(self, result: object) -> object:
        """Return the port of a factory. A generator yields it, and continues at the close."""
        if not inspect.isgenerator(result):
            return result
        for port in result:
            self._closers.append(result)
            return port
        raise InvalidUse(
            f"The provider {result.__name__} ended without a yield.", "Yield the port once."
        )

    def _provider(self, kind: object) -> Provider:
        if kind not in self.function.providers:
            raise NotFoundHere(
                f"No provider makes {kind}.", "Declare a factory with @service.provide."
            )
        return self.function.providers[kind]


def in_full(error: BaseException) -> str:
    """Return the traceback of an exception, for logs and dead letters, never for clients.

    A long traceback is cut at its beginning.
    """
    try:
        text = "".join(traceback.format_exception(error))
    except BaseException:  # a user's exception may break each of its methods
        text = f"{in_short(error)} (its traceback cannot be read)\n"
    return readable(redaction.text(text)[-_LONGEST:])


def in_short(error: BaseException) -> str:
    """Return the exception as a line of at most 500 characters."""
    try:
        text = str(error)
    except BaseException:  # a user's exception may have a broken __str__
        text = "its text cannot be read"
    line = f"{type(error).__name__}: {text}".strip().removesuffix(":")
    # First hide, then cut: a part of a value would not be recognised.
    return readable(" ".join(redaction.text(line).split())[:500])


def readable(text: str) -> str:
    """Return text that every encoder accepts: half of a surrogate pair is written as an escape.

    >>> readable("half of a pair: " + chr(0xD800)) == "half of a pair: " + chr(92) + "ud800"
    True
    """
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def broken_record(name: str, template: object, error: BaseException) -> str:
    """Return the line that stands for a log record that cannot be formatted.

    Python would print the arguments of the record, and with them the values of secrets.
    """
    return redaction.text(
        f"A record of the logger {name} cannot be formatted ({in_short(error)}): {template}"
    )


def log_line(
    level: str,
    message: str,
    *,
    now: datetime,
    fields: Mapping[str, object],
    names: Mapping[str, object] = _NO_NAMES,
) -> str:
    """Return a line of a structured log, without a line break: time, level and message first.

    Empty fields are left out. A value that JSON cannot have is written as its `repr`. Values of
    secrets are hidden, but not in `names`: metrics and searches need these fields as they are.

    >>> log_line("INFO", "begun", now=datetime(2026, 1, 1, tzinfo=UTC), fields={"status": 200, "trace": ""})
    '{"time":"2026-01-01T00:00:00.000Z","level":"INFO","message":"begun","status":200}'
    """
    moment = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    members = redaction.members({"message": message, **fields})
    present = {name: value for name, value in {**members, **names}.items() if value != ""}
    document = {"time": moment, "level": level, "message": members["message"], **present}
    try:
        return msgspec.json.encode(document, enc_hook=_shown).decode()
    except Exception:  # a field that no encoder accepts must not cost the line
        texts = {readable(name): _shown(value) for name, value in present.items()}
        return msgspec.json.encode({"time": moment, "level": level, **texts}).decode()


def _shown(value: object) -> str:
    """Return any value as text."""
    try:
        return readable(redaction.text(value if isinstance(value, str) else repr(value)))
    except Exception:
        return f"a {type(value).__name__} that cannot be shown"


def _awaited(coroutine: Coroutine[object, object, object]) -> object:
    import asyncio  # loaded only for async handlers: a third of a cold start's imports

    return asyncio.run(coroutine)
