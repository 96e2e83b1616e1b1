"""Records of the decorators: handlers with trigger and options, resources, and providers.

The loader reads these records.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias, TypedDict, get_args, get_origin

from oort.app.handles.actions import F
from oort.app.handles.events import Event
from oort.model import limits, names
from oort.model.errors import InvalidUse
from oort.model.problems import Problem
from oort.model.resources import Resource
from oort.model.sources import Mistake, Source

Handler: TypeAlias = Callable[..., object]
_TIMEOUT = timedelta(seconds=30)
_TTL = "__oort_ttl__"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerOptions:
    """The limits of a handler's function.

    Add a new option here and in `RunOptions`.
    """

    timeout: timedelta = _TIMEOUT
    batch: int = limits.BATCH


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
        return next(
            (
                get_args(declared_base)
                for declared_base in bases
                if get_origin(declared_base) is base
            ),
            None,
        )

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


Declare: TypeAlias = Callable[[ResourceDeclared], tuple[Resource | None, list[Mistake]]]


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
