"""Records of the decorators of a service, and of `cached`, `policy`, `upcast` and `downcast`.

The loader reads these records.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias, TypedDict, TypeVar, cast, get_args, get_origin, get_type_hints

from oort.app.handles.actions import F
from oort.app.handles.events import Event, declared
from oort.app.handles.handle import caller
from oort.model import limits, names
from oort.model.errors import InvalidProgram, InvalidUse, Mistake, Source
from oort.model.platform import PlatformModel
from oort.model.problems import Problem
from oort.model.resources import EventModel, Resource
from oort.rules.types import models

Handler: TypeAlias = Callable[..., object]
_TIMEOUT = timedelta(seconds=30)
_EARLIER = "A type checker, mypy or pyright, reports this at the line."
_LONGEST = 60  # characters of a value in a mistake
_TTL = "__oort_ttl__"
_REFUSED = "__oort_refused__"
OLDER = TypeVar("OLDER", bound=Event)
NEWER = TypeVar("NEWER", bound=Event)


class RunOptions(TypedDict, total=False):
    """The options of every handler decorator."""

    timeout: timedelta


class ConsumerOptions(RunOptions, total=False):
    """The options of `on` and `worker`."""

    batch: int


class RouteOptions(RunOptions, total=False):
    """The options of routes. `Service.post` explains them."""

    status: int
    public: bool
    groups: Sequence[str]
    owner: str
    raises: Sequence[type[Problem]]
    rate: float | None
    burst: int | None
    latency_sensitive: bool


def check_options(
    decorator: str, options: Mapping[str, object], allowed: type, *, named: Sequence[str] = ()
) -> None:
    """Raise TypeError for an option that the decorator does not have.

    `allowed` is the TypedDict of the options; `named` are further keywords of the decorator.
    """
    names = (*named, *allowed.__annotations__)
    if unknown := [name for name in options if name not in names]:
        known = ", ".join(sorted(names))
        raise TypeError(f"{decorator}() has no option {unknown[0]!r}; its options are: {known}")


def _is_texts(value: object) -> bool:
    return isinstance(value, list | tuple | set | frozenset) and all(
        isinstance(each, str) for each in cast(Iterable[object], value)
    )


def _is_classes(value: object) -> bool:
    return isinstance(value, list | tuple) and all(
        isinstance(each, type) for each in cast(Iterable[object], value)
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return type(value) is int


def _is_time(value: object) -> bool:
    return isinstance(value, timedelta)


def _is_switch(value: object) -> bool:
    return isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


_Type: TypeAlias = tuple[Callable[[object], bool], str]
_IS_TIME: _Type = (_is_time, "a timedelta, such as timedelta(seconds=10)")
_IS_WHOLE: _Type = (_is_whole, "a whole number")
_IS_SWITCH: _Type = (_is_switch, "True or False")
_IS_TEXT: _Type = (_is_text, "a text")
_OPTIONAL = frozenset({"rate", "burst"})  # they may be None
# For each option: its check, and its type in words.
_TYPES: Mapping[str, _Type] = {
    "timeout": _IS_TIME,
    "interval": _IS_TIME,
    "batch": _IS_WHOLE,
    "attempts": _IS_WHOLE,
    "status": _IS_WHOLE,
    "burst": _IS_WHOLE,
    "public": _IS_SWITCH,
    "latency_sensitive": _IS_SWITCH,
    "owner": _IS_TEXT,
    "expression": _IS_TEXT,
    "timezone": _IS_TEXT,
    "rate": (_is_number, "a number"),
    "groups": (_is_texts, 'a list of texts, such as ["support"]'),
    "cors": (_is_texts, 'a list of texts, such as ["https://shop.example"]'),
    "raises": (_is_classes, "a list of classes of problems, such as [NotFound]"),
}


def misfits(
    decorator: str, options: Mapping[str, object], source: Source
) -> Iterator[tuple[str, Mistake]]:
    """Yield each option with a value of another type, with its mistake.

    A type checker reports them, too; without it, a text for a list of groups would open a route.
    """
    for name, value in options.items():
        if name not in _TYPES or (value is None and name in _OPTIONAL):
            continue
        fits, kind = _TYPES[name]
        if not fits(value):
            text = repr(value)
            text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
            what = f"{decorator}({name}=) takes {kind}, not {text}."
            yield name, Mistake(source, "option.type", what, _EARLIER)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerOptions:
    """The limits of a handler's function.

    Add a new option here and in `RunOptions`.
    """

    timeout: timedelta = _TIMEOUT
    batch: int = limits.BATCH
    latency_sensitive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route decorator with its options.

    Add a new option here and in `RouteOptions`.
    """

    method: str
    path: str
    status: int = 200
    public: bool = False
    groups: Sequence[str] = ()
    raises: Sequence[type[Problem]] = ()
    owner: str = ""
    rate: float | None = None
    burst: int | None = None
    latency_sensitive: bool = False
    timeout: timedelta = limits.REQUEST_TIMEOUT


@dataclass(frozen=True, slots=True)
class SubscriptionDeclared:
    """The trigger of `@service.on`."""

    event: type[Event]
    attempts: int


@dataclass(frozen=True, slots=True)
class WorkerDeclared:
    """The trigger of `@service.worker`."""

    queue: type


@dataclass(frozen=True, slots=True)
class TimerDeclared:
    """The trigger of `@service.every` and `@service.cron`."""

    interval: timedelta | None
    cron: str | None
    timezone: str
    attempts: int


@dataclass(frozen=True, slots=True)
class AnswerDeclared:
    """The trigger of `@service.answer`."""

    call: type


TriggerDeclared: TypeAlias = (
    Route | SubscriptionDeclared | WorkerDeclared | TimerDeclared | AnswerDeclared
)


@dataclass(frozen=True, slots=True)
class HandlerDeclared:
    """A handler with its trigger and its options."""

    call: Handler
    trigger: TriggerDeclared
    options: HandlerOptions
    source: Source


@dataclass(frozen=True, slots=True)
class ResourceDeclared:
    """A class with a resource decorator, for example `@service.table`."""

    cls: type
    service: str
    name: str
    source: Source

    def arguments(self, base: type) -> tuple[object, ...] | None:
        """Return the type arguments of the base; None if the class has another base."""
        bases = getattr(self.cls, "__orig_bases__", ())
        for declared_base in map(models.opened, bases):
            if get_origin(declared_base) is base:
                return get_args(declared_base)
        return None

    def checked_arguments(self, base: type) -> tuple[object, ...]:
        """Return the type arguments of the base. The declaration has refused any other class."""
        arguments = self.arguments(base)
        assert arguments is not None
        return arguments

    def wrong_base(self, base: str) -> Mistake:
        """Return the mistake of a class without the base, such as `Queue[Mail, Can]`."""
        name, kind = self.cls.__name__, base.partition("[")[0]
        what, instead = f"{name} is not a {kind}.", f"Write class {name}({base})."
        return self.mistake("resource.base", what, instead)

    def mistake(self, code: str, what: str, instead: str) -> Mistake:
        """Return a mistake at the line of the decorator."""
        return Mistake(self.source, code, what, instead)

    def naming(self) -> list[Mistake]:
        """Return a mistake if the name is not allowed for a resource."""
        if names.RESOURCE.fullmatch(self.name):
            return []
        what = f"{self.name!r} is not a resource's name."
        instead = "Use lower-case letters, digits and dashes, starting with a letter."
        return [self.mistake("resource.name", what, instead)]


def refuse(cls: type) -> None:
    """Remember that the declaration of the class is a mistake, which is reported."""
    setattr(cls, _REFUSED, True)


def is_refused(cls: object) -> bool:
    """Return True if the declaration of the class is a mistake: its uses are no further mistakes."""
    return bool(getattr(cls, _REFUSED, False))


RESOURCE = TypeVar("RESOURCE", bound=Resource)
ModelOrMistakes: TypeAlias = tuple[RESOURCE | None, list[Mistake]]
Declare: TypeAlias = Callable[[ResourceDeclared], ModelOrMistakes[RESOURCE]]
Check: TypeAlias = Callable[[ResourceDeclared, RESOURCE], ModelOrMistakes[RESOURCE]]
Complete: TypeAlias = Callable[
    [], ModelOrMistakes[Resource]
]  # checks the types, and completes the model


@dataclass(frozen=True, slots=True)
class ProviderDeclared:
    """A factory under `@service.provide`."""

    factory: Handler
    source: Source


def cached(*, ttl: timedelta) -> Callable[[F], F]:
    """Keep a provider's value for `ttl` in each environment.

    The first invocation after `ttl` makes a new value. Put `@cached` below `@service.provide`. Each
    environment has its own value, so two environments can differ for up to `ttl`. A provider that
    takes a cached value keeps the value of its own creation. Handlers always get the current value.
    Raises InvalidUse if `ttl` is not above 0.

        @billing.provide
        @cached(ttl=timedelta(minutes=5))
        def rates(table: Rates[Scan]) -> RateTable:
            return RateTable(table.scan().items)
    """
    if ttl <= timedelta(0):
        raise InvalidUse(
            f"A value cannot be kept for {ttl}.", "Give a time above 0, or leave cached() out."
        )

    def decorate(factory: F) -> F:
        vars(factory)[_TTL] = ttl
        return factory

    return decorate


def kept_for(factory: Callable[..., object]) -> timedelta | None:
    """Return the `ttl` of a factory; None for the life of the environment."""
    ttl = getattr(factory, _TTL, None)
    return ttl if isinstance(ttl, timedelta) else None


@dataclass(frozen=True, slots=True)
class Finding:
    """An objection of a policy.

    `source` is the line of the objection, for example `function.source` or `table.source`. `what`
    is the sentence of the error, and `instead` says how to fix the code.
    """

    source: Source
    what: str
    instead: str = ""


Rule: TypeAlias = Callable[[PlatformModel], Iterable[Finding]]
Q = TypeVar("Q", bound=Rule)


def policy(rule: Q) -> Q:
    """Mark a function as a policy of the project.

    A policy reads the model of the platform and yields its objections. List the policy's module
    under `policies` in `oort.toml`, or put the policy into the package of a service.

    >>> @policy
    ... def no_public_deletes(platform: PlatformModel) -> Iterable[Finding]:
    ...     for function in platform.functions:
    ...         method = getattr(function.trigger, "method", "")
    ...         if method == "DELETE" and getattr(function.trigger, "public", False):
    ...             what = f"{function.name} lets anybody delete."
    ...             yield Finding(function.source, what, "Make the route private.")
    """
    vars(rule)["__oort_policy__"] = True
    return rule


def upcast(convert: Callable[[OLDER], NEWER]) -> Callable[[OLDER], NEWER]:
    """Declare the conversion of an older version of an event to a newer version.

    Consumers of the newer class then receive older events converted. The function takes one
    parameter and returns one value; both are annotated with classes under `@event` with the same
    name. The function must be pure: equal input gives equal output. Upcasts are chained, 1 to 2 to
    3. An exception of the function fails the delivery like an exception of the handler. Raises
    InvalidProgram for two upcasts between the same versions, and for a conversion to a version that
    is not newer.

    >>> from oort import Event, event
    >>> @event("docs.sold", version=1, key="id")
    ... class SoldV1(Event):
    ...     id: str
    ...     price: float
    >>> @event("docs.sold", version=2, key="id")
    ... class Sold(Event):
    ...     id: str
    ...     cents: int
    >>> @upcast
    ... def in_cents(old: SoldV1) -> Sold:
    ...     return Sold(id=old.id, cents=round(old.price * 100))
    """
    _record_conversion(convert, caller(), "upcast")
    return convert


def downcast(convert: Callable[[NEWER], OLDER]) -> Callable[[NEWER], OLDER]:
    """Declare the older form of a newer event; each published event then carries both forms.

    Use `@downcast` while some consumers do not know the new version. An event is still a single
    message: each consumer reads the newest form that it knows. All forms together count towards the
    256 KiB of a message. Remove the downcast when no consumer of the older version is left; `oort
    contracts check` reports this. Raises InvalidProgram like `upcast`.

    >>> from oort import Event, event
    >>> @event("docs.rented", version=1, key="id")
    ... class RentedV1(Event):
    ...     id: str
    ...     price: float
    >>> @event("docs.rented", version=2, key="id")
    ... class Rented(Event):
    ...     id: str
    ...     cents: int
    >>> @downcast
    ... def in_whole(new: Rented) -> RentedV1:
    ...     return RentedV1(id=new.id, price=new.cents / 100)
    """
    _record_conversion(convert, caller(), "downcast")
    return convert


def _record_conversion(convert: Callable[..., object], source: Source, word: str) -> None:
    """Record the conversion on the newer class, or raise InvalidProgram.

    `word` is the name of the decorator.
    """
    parameter, result = _ends(convert, source, word)
    older, newer = (parameter, result) if word == "upcast" else (result, parameter)
    before, after = older.__oort__.model, newer.__oort__.model
    ends = [version_title(end.__oort__.model) for end in (parameter, result)]
    if before.name != after.name or before.version >= after.version:
        raise _no_conversion(source, word, f"{ends[0]} does not become {ends[1]}")
    conversions = newer.__oort__.upcasts if word == "upcast" else newer.__oort__.downcasts
    if before.version in conversions:
        raise _no_conversion(source, word, f"there is one from {ends[0]} to {ends[1]} already")
    conversions[before.version] = (older, convert)


def _ends(
    convert: Callable[..., object], source: Source, word: str
) -> tuple[type[Event], type[Event]]:
    """Return the event classes that the conversion takes and returns."""
    try:
        taken, returned = map(declared, (*get_type_hints(convert).values(), None, None)[:2])
    except NameError as error:
        raise _no_conversion(source, word, f"the type {error.name!r} cannot be found") from None
    if taken is None or returned is None:
        raise _no_conversion(
            source, word, "its parameter and return annotation must be event classes"
        )
    return taken, returned


def version_title(model: EventModel) -> str:
    """Return the event and its version, for errors: `accounts.signed-up version 2`."""
    return f"{model.name} version {model.version}"


def _no_conversion(source: Source, word: str, what: str) -> InvalidProgram:
    ends = {
        "upcast": "newer(old: SignedUpV1) -> SignedUp",
        "downcast": "older(new: SignedUp) -> SignedUpV1",
    }[word]
    instead = f"Write @{word} on def {ends}, both under @event with one name."
    article = "An" if word == "upcast" else "A"
    return InvalidProgram(
        [Mistake(source, f"event.{word}", f"{article} {word} cannot be used: {what}.", instead)]
    )
