"""What decorators record: those of a service, and `cached`, `policy`, `upcast` and `downcast`. The loader reads it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias, TypedDict, TypeVar, get_args, get_origin, get_type_hints

from oort.app.handles.actions import F
from oort.app.handles.events import Event, declared
from oort.app.handles.handle import caller
from oort.model import limits, names
from oort.model.errors import InvalidProgram, InvalidUse
from oort.model.platform import PlatformModel
from oort.model.problems import Problem
from oort.model.resources import EventModel, Resource
from oort.model.sources import Mistake, Source

Handler: TypeAlias = Callable[..., object]
_TIMEOUT = timedelta(seconds=30)
_TTL = "__oort_ttl__"
OLDER = TypeVar("OLDER", bound=Event)
NEWER = TypeVar("NEWER", bound=Event)


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


@dataclass(frozen=True, slots=True)
class Finding:
    """What a policy objects to: where (`function.source`, `table.source`, …), what, and what to do instead."""

    source: Source
    what: str
    instead: str = ""


Rule: TypeAlias = Callable[[PlatformModel], Iterable[Finding]]
Q = TypeVar("Q", bound=Rule)


def policy(rule: Q) -> Q:
    """Mark a function as a policy of the project. It reads the whole platform and yields what it objects to.

    List its module under `policies` in `oort.toml`, or keep it in a service's package.

    >>> @policy
    ... def no_public_deletes(platform: PlatformModel) -> Iterable[Finding]:
    ...     for function in platform.functions:
    ...         if getattr(function.trigger, "method", "") == "DELETE" and getattr(function.trigger, "public", False):
    ...             yield Finding(function.source, f"{function.name} lets anybody delete.", "Make the route private.")
    """
    vars(rule)["__oort_policy__"] = True
    return rule


def upcast(convert: Callable[[OLDER], NEWER]) -> Callable[[OLDER], NEWER]:
    """Declare how an older version of an event becomes a newer one; consumers of the newer class then get it converted.

    The function takes one parameter and returns one value, both annotated with classes under `@event` of one name. It must
    be pure: the same old event always becomes the same new one. Chains are followed, 1 to 2 to 3. What it raises fails the
    delivery, as if the handler had. Raises InvalidProgram for two upcasts of one version, and for one that does not go up.

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
    """Declare what consumers of an older version get while newer events are published: each event carries both.

    The mirror of `@upcast`, for the time in which some consumers do not know the new version yet. Nothing is sent twice:
    one message holds both forms, and each consumer reads the newest one it knows. Both count towards the 256 KiB of a
    message. Take it away when no consumer of the older version is left; `oort contracts check` says when.

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
    """Note the conversion on the newer class, or refuse it. `word` is the decorator's."""
    taken, returned = _ends(convert, source, word)
    older, newer = (taken, returned) if word == "upcast" else (returned, taken)
    before, after = older.__oort__.model, newer.__oort__.model
    ends = [version_title(end.__oort__.model) for end in (taken, returned)]
    if before.name != after.name or before.version >= after.version:
        raise _no_conversion(source, word, f"{ends[0]} does not become {ends[1]}")
    known = newer.__oort__.upcasts if word == "upcast" else newer.__oort__.downcasts
    if before.version in known:
        raise _no_conversion(source, word, f"there is one from {ends[0]} to {ends[1]} already")
    known[before.version] = (older, convert)


def _ends(
    convert: Callable[..., object], source: Source, word: str
) -> tuple[type[Event], type[Event]]:
    """The event classes that a conversion takes and returns."""
    try:
        taken, returned = map(declared, (*get_type_hints(convert).values(), None, None)[:2])
    except NameError as error:
        raise _no_conversion(source, word, f"the type {error.name!r} cannot be found") from None
    if taken is None or returned is None:
        raise _no_conversion(source, word, "it does not say which event becomes which")
    return taken, returned


def version_title(model: EventModel) -> str:
    """The event and its version, for errors: `accounts.signed-up version 2`."""
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
