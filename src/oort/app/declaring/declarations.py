"""What the decorators of a service record: handlers with their triggers and options, and providers. The loader reads it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias, TypedDict, TypeVar, get_args, get_origin

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
    """What a decorator of any handler takes: how its function runs."""

    timeout: timedelta


class ConsumerOptions(RunOptions, total=False):
    """What `on` and `worker` take besides."""

    batch: int


class RouteOptions(RunOptions, total=False):
    """What the decorators of routes take besides. `Service.post` explains them."""

    status: int
    public: bool
    groups: Sequence[str]
    owner: str
    raises: Sequence[type[Problem]]
    rate: float | None
    burst: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerOptions:
    """How a handler's function runs, whatever triggers it. A new option is a line here and in `RunOptions`."""

    timeout: timedelta = _TIMEOUT
    batch: int = limits.BATCH


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What a route decorator recorded. A new option is a line here and in `RouteOptions`."""

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
    """What `@service.on` recorded."""

    event: type[Event]
    attempts: int


@dataclass(frozen=True, slots=True)
class WorkerDeclared:
    """What `@service.worker` recorded."""

    queue: type


@dataclass(frozen=True, slots=True)
class TimerDeclared:
    """What `@service.every` or `@service.cron` recorded."""

    interval: timedelta | None
    cron: str | None
    timezone: str
    attempts: int


@dataclass(frozen=True, slots=True)
class AnswerDeclared:
    """What `@service.answer` recorded."""

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
    """A class under the decorator of a resource, such as `@service.table`."""

    cls: type
    service: str
    name: str
    source: Source

    def arguments(self, base: type) -> tuple[object, ...] | None:
        """What stands in the brackets of the class's base; None if it has another base."""
        bases = getattr(self.cls, "__orig_bases__", ())
        return next((get_args(one) for one in bases if get_origin(one) is base), None)

    def mistake(self, code: str, what: str, instead: str) -> Mistake:
        """A mistake at the decorator."""
        return Mistake(self.source, code, what, instead)

    def naming(self) -> list[Mistake]:
        """The mistake of a name that no resource may have."""
        if names.RESOURCE.fullmatch(self.name):
            return []
        what = f"{self.name!r} is not a resource's name."
        instead = "Use lower-case letters, digits and dashes, starting with a letter."
        return [self.mistake("resource.name", what, instead)]


RESOURCE = TypeVar("RESOURCE", bound=Resource)
Read: TypeAlias = tuple[RESOURCE | None, list[Mistake]]  # the model, and what is wrong with it
Declare: TypeAlias = Callable[[ResourceDeclared], Read[RESOURCE]]
Check: TypeAlias = Callable[[ResourceDeclared, RESOURCE], Read[RESOURCE]]
Complete: TypeAlias = Callable[[], Read[Resource]]  # checks the types, and completes the model


@dataclass(frozen=True, slots=True)
class ProviderDeclared:
    """A factory under `@service.provide`."""

    factory: Handler
    source: Source


def cached(*, ttl: timedelta) -> Callable[[F], F]:
    """Keep what a provider makes for `ttl` in each environment; the first invocation after that makes it anew.

    Put it below `@service.provide`. Another environment may hold an older value for as long. A provider that takes a cached
    value keeps the one it was made with; handlers always get the present one.

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
    """How long what the factory makes is kept; None for as long as the environment lives."""
    ttl = getattr(factory, _TTL, None)
    return ttl if isinstance(ttl, timedelta) else None
