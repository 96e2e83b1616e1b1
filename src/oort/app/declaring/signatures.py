"""Read the signatures of handlers and providers into parameters, and collect mistakes."""

import inspect
import re
from collections.abc import Callable, Iterator
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    Never,
    NoReturn,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)
from uuid import UUID

from oort.app.declaring.declarations import is_refused
from oort.app.declaring.parameters import (
    CallParameter,
    ContextParameter,
    HandleParameter,
    MessageParameter,
    OnceParameter,
    Parameter,
    PrincipalParameter,
    ProvidedParameter,
    PublishParameter,
    Signature,
    ValueParameter,
)
from oort.app.handles import calls, events
from oort.app.handles.actions import Header, markers
from oort.app.handles.calls import Call
from oort.app.handles.events import Event, Publish
from oort.app.handles.handle import ResourceHandle, declaration
from oort.app.handles.later import Later
from oort.app.handles.once import Once
from oort.model.errors import Mistake, Source
from oort.model.invocations import Context, Principal
from oort.rules.types import models


class Reader:
    """Read a signature and collect its mistakes.

    `provided` holds the return types of the service's providers. The type of a body is not checked
    if the program was `checked` before.
    """

    def __init__(
        self,
        call: Callable[..., object],
        *,
        source: Source,
        provided: frozenset[object],
        checked: bool = False,
    ) -> None:
        self.call = call
        self.source = source
        self.provided = provided
        self.checked = checked
        self.mistakes: list[Mistake] = []
        self.name = getattr(call, "__name__", "handler")

    def hints(self) -> dict[str, object] | None:
        """Return the resolved annotations; None and a mistake if Python cannot resolve them."""
        try:
            hints = get_type_hints(self.call, include_extras=True)
            return {name: models.opened(hint) for name, hint in hints.items()}
        except (NameError, AttributeError) as error:
            self.refuse(
                "signature.name",
                f"{self.name}: the type {error.name!r} cannot be found.",
                "Import it at run time, not under TYPE_CHECKING: the signature is the permission.",
            )
        except (TypeError, SyntaxError) as error:
            self.refuse(
                "signature.type",
                f"{self.name}: {error}.",
                "Write actions in the brackets: People[Get | Put].",
            )
        return None

    def refuse(self, code: str, what: str, instead: str) -> None:
        """Add a mistake at this handler."""
        self.mistakes.append(Mistake(self.source, code, what, instead))

    def handler(self) -> dict[str, object] | None:
        """Return the annotations of a handler; a generator is a mistake."""
        if inspect.isgeneratorfunction(self.call) or inspect.isasyncgenfunction(self.call):
            self.refuse(
                "signature.generator",
                f"{self.name} is a generator.",
                "Return the answer; do not yield it.",
            )
        return self.hints()

    def parameters(self) -> Iterator[inspect.Parameter]:
        """Yield the parameters that can be passed by name; each other parameter is a mistake."""
        for parameter in inspect.signature(self.call).parameters.values():
            if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
                yield parameter
            else:
                self.refuse(
                    "signature.kind",
                    f"{self.name}: {parameter} cannot be passed by name.",
                    "Name every parameter and give it a type.",
                )

    def shared(self, name: str, hint: object) -> Parameter | None:
        """Return a parameter that handlers and providers share; None for any other."""
        provided = ProvidedParameter(name, hint) if hint in self.provided else None
        hint = models.opened(hint, new_types=True)
        origin = get_origin(hint) or hint
        if isinstance(origin, type) and issubclass(origin, ResourceHandle):
            return self._handle(name, hint, origin)
        if origin is Publish:
            return self._publish(name, hint)
        if isinstance(origin, type) and issubclass(origin, Call):
            return self._call(name, cast(type, origin))
        if isinstance(origin, type) and issubclass(origin, Later):
            self.refuse(
                "language.later",
                f"{self.name}: {name} is not available in this release.",
                "docs/limits.md lists what this release runs.",
            )
            return ContextParameter(name)
        if hint is Context:
            return ContextParameter(name)
        if hint is Once:
            return OnceParameter(name)
        return provided

    def _handle(self, name: str, hint: object, origin: type[ResourceHandle]) -> Parameter | None:
        title, declared = origin.__name__, declaration(origin)
        if declared is None and is_refused(origin):
            return ContextParameter(name)
        if declared is None:
            self.refuse(
                "handle.undeclared",
                f"{self.name}: {title} is not declared.",
                "Put @service.table on it, or the decorator of its kind.",
            )
            return ContextParameter(name)
        arguments = get_args(hint)
        if not arguments:
            what = f"{self.name}: {name}: {title} has no actions."
            self.refuse("handle.bare", what, f"Name the actions: {name}: {_example(origin)}.")
            return ContextParameter(name)
        inner = arguments[0]
        actions = get_args(inner) if get_origin(inner) in (Union, UnionType) else (inner,)
        if bad := [action for action in actions if action not in markers()]:
            what = f"{self.name}: {title}[{getattr(bad[0], '__name__', bad[0])}] is not an action."
            self.refuse(
                "handle.action",
                what,
                f"Actions are {', '.join(marker.__name__ for marker in markers())}.",
            )
            return ContextParameter(name)
        if bad := [action for action in actions if action not in origin._ACTIONS]:
            what = f"{self.name}: {title} has no {bad[0].__name__}."
            instead = f"Its actions are {', '.join(marker.__name__ for marker in origin._ACTIONS)}."
            self.refuse("handle.action", what, instead)
        return HandleParameter(name, origin, declared.model, tuple(actions))

    def _call(self, name: str, origin: type) -> Parameter:
        if calls.declared(origin) is None:
            what = f"{self.name}: {name}: {origin.__name__} is not a declared call."
            self.refuse(
                "call.undeclared", what, "Put @call(name) on a class of a contracts module."
            )
            return ContextParameter(name)
        return CallParameter(name, cast(type[Call[Any, Any]], origin))

    def _publish(self, name: str, hint: object) -> Parameter:
        published = events.published_by(hint)
        if not published:
            what = f"{self.name}: {name} names no event to publish."
            self.refuse(
                "publish.event",
                what,
                f"Write {name}: Publish[SignedUp], with a class under @event.",
            )
        return PublishParameter(name, published)


def _example(origin: type[ResourceHandle]) -> str:
    """The class with its first action in brackets, and with the first two."""
    first, *others = (marker.__name__ for marker in origin._ACTIONS)
    alone = f"{origin.__name__}[{first}]"
    return f"{alone} or {origin.__name__}[{first} | {others[0]}]" if others else alone


def read_timer(reader: Reader) -> Signature:
    """Read the signature of a scheduled handler. A schedule has no message."""
    hints = reader.hints()
    parameters: list[Parameter] = []
    for parameter in reader.parameters():
        shared = None if hints is None else reader.shared(parameter.name, hints.get(parameter.name))
        if shared is not None:
            parameters.append(shared)
        elif hints is not None:
            what = f"{reader.name}: {parameter.name} cannot be filled."
            reader.refuse(
                "timer.parameter",
                what,
                "A scheduled handler takes handles, Publish, Context and provided ports.",
            )
    return Signature(tuple(parameters), (hints or {}).get("return"))


def read_provider(reader: Reader) -> Signature:
    """Read the signature of a provider. Handlers ask for its return type."""
    hints = reader.hints()
    if inspect.iscoroutinefunction(reader.call) or inspect.isasyncgenfunction(reader.call):
        reader.refuse(
            "provider.async", f"{reader.name} is async.", "Write a plain function or a generator."
        )
    parameters: list[Parameter] = []
    for parameter in reader.parameters():
        shared = None if hints is None else reader.shared(parameter.name, hints.get(parameter.name))
        if hints is not None and hints.get(parameter.name) is Context:
            shared = None  # a port lives longer than an invocation
        if shared is None and hints is not None:
            reader.refuse(
                "provider.parameter",
                f"{reader.name}: {parameter.name} cannot be filled.",
                "A provider takes handles and the ports of other providers.",
            )
        elif shared is not None:
            parameters.append(shared)
    return Signature(tuple(parameters), provided_type((hints or {}).get("return")))


def refuse_once(reader: Reader, signature: Signature, *, why: str, instead: str) -> None:
    """Add a mistake for each `Once` of a handler without deliveries."""
    for parameter in signature.parameters:
        if isinstance(parameter, OnceParameter):
            reader.refuse("once.delivery", f"{reader.name}: {parameter.name}: Once {why}.", instead)


def provided_type(returns: object) -> object:
    """Return the type that a factory returns or yields; None if there is no type."""
    origin = get_origin(returns)
    name = getattr(origin, "__name__", "")
    kind = get_args(returns)[0] if name in ("Iterator", "Generator", "Iterable") else returns
    return None if kind is NoneType else kind


def read_consumer(reader: Reader, message: object) -> Signature:
    """Read the signature of a consumer: the message comes first."""
    hints = reader.handler()
    parameters: list[Parameter] = []
    for position, parameter in enumerate(reader.parameters()):
        hint = None if hints is None else hints.get(parameter.name)
        if position == 0:
            _check_message(reader, parameter.name, hint, message, resolved=hints is not None)
            parameters.append(MessageParameter(parameter.name, message))
        elif shared := reader.shared(parameter.name, hint):
            parameters.append(shared)
        elif hints is not None:
            what = f"{reader.name}: {parameter.name} cannot be filled."
            reader.refuse(
                "consumer.parameter",
                what,
                "A consumer takes its message, handles, Publish, Context and provided ports.",
            )
    if not parameters:
        title = getattr(message, "__name__", message)
        reader.refuse(
            "consumer.message",
            f"{reader.name} takes no message.",
            f"Its first parameter is the message: {title}.",
        )
    return Signature(tuple(parameters), (hints or {}).get("return"))


_NOTHING: tuple[object, ...] = (None, NoneType, Any, Never, NoReturn)


def refuse_return(reader: Reader, signature: Signature) -> None:
    """Add a mistake for a return value that nobody receives."""
    if signature.returns not in _NOTHING and not inspect.isgeneratorfunction(reader.call):
        title = getattr(signature.returns, "__name__", signature.returns)
        reader.refuse(
            "consumer.return",
            f"{reader.name} returns {title}, but nobody receives it.",
            "Return None; send or publish the result.",
        )


def _check_message(
    reader: Reader, name: str, hint: object, message: object, *, resolved: bool
) -> None:
    if resolved and hint != message:
        actual, expected = getattr(hint, "__name__", hint), getattr(message, "__name__", message)
        reader.refuse(
            "consumer.message",
            f"{reader.name}: {name} is {actual}, but the handler receives {expected}.",
            f"Write {name}: {expected}.",
        )


def read_route(reader: Reader, *, path: frozenset[str], public: bool) -> Signature:
    """Read the signature of a request handler."""
    hints = reader.handler()
    parameters = list(reader.parameters())
    if hints is None:
        return Signature((), None)
    values = [
        _request_parameter(reader, parameter, hints.get(parameter.name), path=path, public=public)
        for parameter in parameters
    ]
    if "return" not in hints:
        reader.refuse(
            "signature.return",
            f"{reader.name} has no return type.",
            "Write -> and the type of the answer, or -> None.",
        )
    for missing in sorted(path - {parameter.name for parameter in values}):
        what = f"{reader.name}: the handler has no parameter for {{{missing}}} in the path."
        reader.refuse("route.path", what, f"Add the parameter {missing}: str.")
    return Signature(tuple(values), hints.get("return"))


def _request_parameter(
    reader: Reader,
    parameter: inspect.Parameter,
    hint: object,
    *,
    path: frozenset[str],
    public: bool,
) -> Parameter:
    name = parameter.name
    required = parameter.default is parameter.empty
    if hint is None:
        reader.refuse(
            "signature.untyped",
            f"{reader.name}: {name} has no type.",
            f"Annotate it, for example {name}: str.",
        )
        return ContextParameter(name)
    if (shared := reader.shared(name, hint)) is not None:
        return shared
    hint = models.opened(hint, new_types=True)
    if hint is Principal or _optional(hint) is Principal:
        return _principal(reader, name, optional=hint is not Principal, public=public)
    if (wrong := _no_header(hint)) is not None:
        what = f"{reader.name}: {name}: {wrong} in Annotated is no header."
        reader.refuse("route.parameter", what, 'Write Annotated[str, Header("X-Source")].')
        return ContextParameter(name)
    if name == "body" and name not in path and _header(hint) is None:
        if not reader.checked:
            _check_body(reader, hint)
        return ValueParameter(name, "body", name, hint, required)
    return _text(reader, name, hint, path=path, required=required)


def _principal(reader: Reader, name: str, *, optional: bool, public: bool) -> Parameter:
    if public and not optional:
        what = f"{reader.name} is public, but {name}: Principal needs a caller."
        reader.refuse(
            "route.principal", what, f"Write {name}: Principal | None, or make the route private."
        )
    return PrincipalParameter(name, optional)


def _text(
    reader: Reader, name: str, hint: object, *, path: frozenset[str], required: bool
) -> Parameter:
    """Return a parameter from the path, a header or the query: they all arrive as text."""
    header = _header(hint)
    place = "path" if name in path else "query" if header is None else "header"
    many, inner = _is_many(hint), _bare(hint)
    if _is_object(inner) or (many and place == "path"):
        title = getattr(inner, "__name__", inner)
        instead = (
            "Name the request's body `body`. Declare a port of your own with @service.provide."
        )
        if isinstance(inner, type) and issubclass(inner, Event):
            instead = f"Write {name}: Publish[{title}] to publish the event."
        reader.refuse(
            "route.parameter",
            f"{reader.name}: {name}: {title} cannot come from the {place}.",
            instead,
        )
    wire = header.lower() if header is not None and place == "header" else name
    return ValueParameter(
        name, place, wire, hint, required or place == "path", many and place != "path"
    )


def _check_body(reader: Reader, hint: object) -> None:
    """Refuse a type that cannot be decoded from JSON; otherwise the first request would fail."""
    if problem := unreadable(hint):
        what = f"{reader.name}: body: {getattr(hint, '__name__', hint)} cannot come from JSON: {problem}."
        reader.refuse(
            "route.body", what, "Use Structs, dataclasses and types that msgspec can decode."
        )


def unreadable(kind: object) -> str:
    """Return the reason why values of this type cannot be JSON; empty if there is none."""
    from oort.rules.types import usable  # when a body or a message is declared

    return usable.problem(kind)


def _is_object(kind: object) -> bool:
    if isinstance(kind, type) and not get_args(kind):
        return kind is not NoneType and not issubclass(kind, _SCALARS)
    return get_origin(kind) not in (Literal, Union, UnionType) and any(
        map(_is_object, get_args(kind))
    )


_HEADER_NAME = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)+")
_SCALARS = (str, int, float, Decimal, date, time, timedelta, UUID, Enum)


def _is_many(hint: object) -> bool:
    return get_origin(_bare(hint)) in (list, tuple, set, frozenset)


def _bare(hint: object) -> object:
    """Return the type without `Annotated` and without `| None`, in any order of nesting."""
    while (
        inner := get_args(hint)[0] if get_origin(hint) is Annotated else _optional(hint)
    ) is not None:
        hint = inner
    return hint


def _header(hint: object) -> str | None:
    """Return the header's name, also if the annotation is inside `| None`."""
    inner = hint if get_origin(hint) is Annotated else _optional(hint)
    for extra in getattr(inner, "__metadata__", ()):
        if isinstance(extra, Header):
            return extra.name
    return None


def _no_header(hint: object) -> str | None:
    """Return what stands in the place of a Header by mistake: the class, or the name alone."""
    inner = hint if get_origin(hint) is Annotated else _optional(hint)
    for extra in getattr(inner, "__metadata__", ()):
        if extra is Header:
            return "Header without a name"
        if isinstance(extra, str) and _HEADER_NAME.fullmatch(extra):
            return repr(extra)
    return None


def _optional(hint: object) -> object | None:
    """Return X for `X | None`; None for every other type."""
    if get_origin(hint) not in (Union, UnionType):
        return None
    members = [argument for argument in get_args(hint) if argument is not NoneType]
    return members[0] if len(members) == 1 and len(get_args(hint)) > 1 else None
