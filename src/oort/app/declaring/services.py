"""The class `Service`: it records resources, providers and handlers; the loader checks them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, Concatenate, Never, Unpack, cast

from oort.app.declaring.declarations import (
    RESOURCE,
    AnswerDeclared,
    Check,
    Complete,
    ConsumerOptions,
    Declare,
    HandlerDeclared,
    HandlerOptions,
    ProviderDeclared,
    ResourceDeclared,
    Route,
    RouteOptions,
    RunOptions,
    SubscriptionDeclared,
    TimerDeclared,
    TriggerDeclared,
    WorkerDeclared,
    check_options,
    misfits,
    refuse,
)
from oort.app.handles import calls, later
from oort.app.handles.actions import D, F, K, M, P, R, T
from oort.app.handles.calls import Call
from oort.app.handles.events import E
from oort.app.handles.handle import Upgrade, caller, caller_module
from oort.app.handles.later import Bucket, Changed, Upload
from oort.app.handles.queues import Queue
from oort.app.handles.tables import Table
from oort.model import limits
from oort.model.errors import InvalidProgram, Mistake, Source
from oort.model.problems import Json
from oort.model.resources import Resource


@dataclass(slots=True)
class Declared:
    """All declarations of a service, in source order."""

    source: Source
    modules: set[str] = field(default_factory=set[str])
    resources: list[tuple[Resource, type, Complete]] = field(
        default_factory=list[tuple[Resource, type, Complete]]
    )
    handlers: list[HandlerDeclared] = field(default_factory=list[HandlerDeclared])
    providers: list[ProviderDeclared] = field(default_factory=list[ProviderDeclared])
    mistakes: list[Mistake] = field(default_factory=list[Mistake])
    cors: list[str] = field(default_factory=list[str])


class Service:
    """A service: a unit of ownership and deployment, with its own tables, queues and functions.

    `cors` lists the origins whose web pages may call the routes of the service from a browser, for
    example "https://shop.example". The default allows no origin.

    >>> hello = Service("hello")
    >>> @hello.get("/{name}", public=True)
    ... def greet(name: str) -> str:
    ...     return f"Hello {name}"
    >>> greet("Ada")
    'Hello Ada'
    """

    def __init__(self, name: str, *, cors: Sequence[str] = ()) -> None:
        self.name = name
        self.declared = Declared(caller())
        self.declared.cors += self._fitting("Service", {"cors": cors}).get("cors", ())

    # -- resources

    def table(
        self,
        name: str,
        *,
        key: str | tuple[str, str],
        version: str | None = None,
        expires: str | None = None,
        upgrades: Sequence[Upgrade] = (),
    ) -> Callable[[D], D]:
        """Declare a table.

        `key` names the key field, or a pair: partition key and sort key. `version` names an int
        field that protects a read and a later write: a put raises Conflict if another write came
        between. Put the decorator on a subclass of `Table[K, T, Can]`.

        `upgrades` are functions that turn items of an earlier type into the next type, the oldest
        first: `def with_country(old: AccountV1) -> Account`. Each raises the revision of the items
        by 1. A read, and an update before it changes an item, apply the upgrades that the item
        lacks. An upgrade keeps the key.
        """
        from oort.app.declaring import tables  # a cold start loads only the declared kinds

        source = self._here()
        if expires is not None:
            self.declared.mistakes.append(later.mistake(source, "expires="))
        fields = (key,) if isinstance(key, str) else key
        functions = self._functions(upgrades, source)
        return self._resource(
            name,
            source,
            partial(tables.declare, key=fields, version=version, upgrades=functions),
            tables.check,
        )

    def queue(
        self,
        name: str,
        *,
        attempts: int = 5,
        fifo: bool = False,
        upgrades: Sequence[Upgrade] = (),
    ) -> Callable[[D], D]:
        """Declare a work queue.

        A message becomes a dead letter after `attempts` failed deliveries (1 to 1000). Put the
        decorator on a subclass of `Queue[M, Can]`.

        `upgrades` are functions that turn waiting messages of an earlier type into the next type,
        the oldest first. Each raises the version of the messages by 1.
        """
        from oort.app.declaring import queues  # a cold start loads only the declared kinds

        source = self._here()
        attempts = self._fitting("queue", {"attempts": attempts}).get("attempts", 5)
        if fifo:
            self.declared.mistakes.append(later.mistake(source, "fifo="))
        functions = self._functions(upgrades, source)
        return self._resource(
            name,
            source,
            partial(queues.declare, attempts=attempts, upgrades=functions),
            queues.check,
        )

    def bucket(self, name: str) -> Callable[[D], D]:
        """Declare a bucket. This release refuses it at load time."""
        return self._later(f"The bucket {name}")

    def secret(self, name: str, *, rotate: timedelta | None = None) -> Callable[[D], D]:
        """Declare a secret.

        Set its value with `oort secrets set`. This release refuses `rotate` at load time. Put the
        decorator on a subclass of `Secret[T, Can]`.
        """
        from oort.app.declaring import secrets  # a cold start loads only the declared kinds

        source = self._here()
        if rotate is not None:
            self.declared.mistakes.append(later.mistake(source, "rotate="))
        return self._resource(name, source, secrets.declare, secrets.check)

    def provide(self, factory: F) -> F:
        """Declare a factory for a port of your own, such as a client of another system.

        Handlers ask for the port with a parameter of the factory's return type. The factory runs
        once in each environment, so later invocations reuse its connections. Write a generator to
        close resources after the `yield`. Handles that the factory takes count as grants of the
        handler.
        """
        self.declared.providers.append(ProviderDeclared(factory, self._here()))
        return factory

    # -- requests

    def get(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Answer GET requests. See `post` for the options."""
        return self._route("GET", path, options)

    def post(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Answer POST requests; the path begins with the service's name.

        `@accounts.post("/")` answers POST /accounts. A route is private by default and needs a
        token or an API key; `public=True` opens the route to everybody.

        `groups`: members of one of these groups may call the route. `owner`: the path parameter
        with the id of the only principal that may call the route. With both, either is enough.

        `raises`: the problems that belong to the contract of the route.

        `timeout`: at most 29 seconds (API Gateway). The client then gets 504, and the handler can
        no longer write.

        `rate`: requests a second for one client. `burst`: requests at once after a pause. The
        defaults are 500 and 1,000 without a token, 1,000 and 2,000 with a token. A request above
        the limit gets 429 and does not reach the handler.

        `latency_sensitive`: while the platform runs, a worker process is ready for the next
        request, with the ports of the handler made. On AWS it has no effect in this release.

        >>> shop = Service("shop")
        >>> @shop.get("/baskets/{id}", owner="id", groups=["support"], rate=10)
        ... def basket(id: str) -> str:
        ...     return f"What {id} wants"
        """
        return self._route("POST", path, options)

    def put(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Answer PUT requests. See `post` for the options."""
        return self._route("PUT", path, options)

    def patch(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Answer PATCH requests. See `post` for the options."""
        return self._route("PATCH", path, options)

    def delete(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Answer DELETE requests, by default with status 204. See `post` for the options."""
        default: RouteOptions = {"status": 204}
        return self._route("DELETE", path, default | options)

    # -- messages

    def on(
        self,
        event: type[E],
        *,
        where: Mapping[str, Json] | None = None,
        attempts: int = 5,
        **options: Unpack[ConsumerOptions],
    ) -> Callable[[Callable[Concatenate[E, P], R]], Callable[Concatenate[E, P], R]]:
        """Consume an event.

        Each handler has its own queue with its own attempts and dead letters. An event is delivered
        at least once. A message becomes a dead letter after `attempts` failed deliveries (1 to
        1000).
        """
        check_options("on", options, ConsumerOptions, named=("where", "attempts"))
        source = self._here()
        if where is not None:
            self.declared.mistakes.append(
                Mistake(
                    source,
                    "event.where",
                    f"{getattr(event, '__name__', event)}: where= is not possible for an event.",
                    "Filter inside the handler: events travel by topic, without patterns.",
                )
            )
        fitting = self._fitting("on", {"attempts": attempts, **options})
        attempts = fitting.pop("attempts", 5)
        return self._handler(SubscriptionDeclared(event, attempts), HandlerOptions(**fitting))

    def worker(
        self, queue: type[Queue[M, Never]], **options: Unpack[ConsumerOptions]
    ) -> Callable[[Callable[Concatenate[M, P], R]], Callable[Concatenate[M, P], R]]:
        """Consume a work queue, one message in each invocation.

        The platform fetches up to `batch` messages together (1 to 10). Each message fails alone.
        """
        check_options("worker", options, ConsumerOptions)
        return self._handler(
            WorkerDeclared(queue), HandlerOptions(**self._fitting("worker", {**options}))
        )

    # -- time

    def every(
        self, interval: timedelta, *, attempts: int = 3, **options: Unpack[RunOptions]
    ) -> Callable[[F], F]:
        """Run at every multiple of the interval, counted from the Unix epoch.

        The shortest interval is one minute (EventBridge Scheduler). Each run is a message on a
        queue of the handler: it is delivered at least once, and becomes a dead letter after
        `attempts` failed deliveries. After a stop of the platform, a single run replaces the missed
        runs.
        """
        check_options("every", options, RunOptions, named=("attempts",))
        fitting = self._fitting("every", {"interval": interval, "attempts": attempts, **options})
        interval = fitting.pop("interval", timedelta(hours=1))
        attempts = fitting.pop("attempts", 3)
        return self._handler(
            TimerDeclared(interval, None, "UTC", attempts), HandlerOptions(**fitting)
        )

    def cron(
        self,
        expression: str,
        *,
        timezone: str = "UTC",
        attempts: int = 3,
        **options: Unpack[RunOptions],
    ) -> Callable[[F], F]:
        """Run at the times of a cron expression. See `every` for deliveries and attempts.

        The five fields are minute, hour, day, month and weekday, in `timezone` (a name of the IANA
        database). A local time that a clock change skips has no run. A local time that a clock
        change repeats has a single run.
        """
        check_options("cron", options, RunOptions, named=("timezone", "attempts"))
        times = {"expression": expression, "timezone": timezone}
        fitting = self._fitting("cron", {**times, "attempts": attempts, **options})
        expression, timezone = (
            fitting.pop("expression", "0 0 * * *"),
            fitting.pop("timezone", "UTC"),
        )
        attempts = fitting.pop("attempts", 3)
        return self._handler(
            TimerDeclared(None, expression, timezone, attempts), HandlerOptions(**fitting)
        )

    # -- calls

    def answer(
        self,
        call: type[Call[M, R]],
        *,
        timeout: timedelta | None = None,
        latency_sensitive: bool = False,
    ) -> Callable[[Callable[Concatenate[M, P], R]], Callable[Concatenate[M, P], R]]:
        """Answer a declared call.

        Only the service before the dot of the call's name may answer the call. Problems that the
        handler raises reach the caller. `timeout` is by default the time-out of the call.
        `latency_sensitive` is as in `post`.
        """
        declared = calls.declared(call)
        if timeout is None:
            timeout = declared.model.timeout if declared else limits.REQUEST_TIMEOUT
        options = {"timeout": timeout, "latency_sensitive": latency_sensitive}
        return self._handler(
            AnswerDeclared(call), HandlerOptions(**self._fitting("answer", options))
        )

    # -- typed already; a later release runs them

    def on_change(
        self,
        table: type[Table[K, T, Never]],  # noqa: ARG002
    ) -> Callable[
        [Callable[Concatenate[Changed[T], P], R]], Callable[Concatenate[Changed[T], P], R]
    ]:
        """Consume the changes of a table. This release refuses it at load time."""
        self._refuse("on_change")
        return _same

    def on_upload(
        self,
        bucket: type[Bucket[Never]],  # noqa: ARG002
        *,
        prefix: str = "",  # noqa: ARG002
    ) -> Callable[[Callable[Concatenate[Upload, P], R]], Callable[Concatenate[Upload, P], R]]:
        """Consume uploads to a bucket. This release refuses it at load time."""
        self._refuse("on_upload")
        return _same

    # -- recording

    def _here(self) -> Source:
        """Return the user's line and record its module as part of this service."""
        self.declared.modules.add(caller_module())
        return caller()

    def _resource(
        self, name: str, source: Source, declare: Declare[RESOURCE], check: Check[RESOURCE]
    ) -> Callable[[D], D]:
        _require_text(
            name, source, example='@service.table("name", …), queue("name"), secret("name")'
        )

        def decorate(cls: D) -> D:
            declared = ResourceDeclared(cls, self.name, name, source)
            model, mistakes = declare(declared)
            self.declared.mistakes += mistakes
            if model is None:
                refuse(cls)
            else:
                self.declared.resources.append((model, cls, partial(check, declared, model)))
            return cls

        return decorate

    def _route(self, method: str, path: str, options: RouteOptions) -> Callable[[F], F]:
        check_options(method.lower(), options, RouteOptions)
        _require_text(path, caller(), example=f'@service.{method.lower()}("/path")')
        route = Route(method=method, path=path, **self._fitting(method.lower(), {**options}))
        return self._handler(
            route, HandlerOptions(timeout=route.timeout, latency_sensitive=route.latency_sensitive)
        )

    def _fitting(self, decorator: str, options: dict[str, Any]) -> dict[str, Any]:
        """Return the options with values of their types. The others are mistakes."""
        wrong = dict(misfits(decorator, options, caller()))
        self.declared.mistakes += wrong.values()
        return {name: value for name, value in options.items() if name not in wrong}

    def _handler(self, trigger: TriggerDeclared, options: HandlerOptions) -> Callable[[F], F]:
        source = self._here()

        def decorate(handler: F) -> F:
            self.declared.handlers.append(HandlerDeclared(handler, trigger, options, source))
            return handler

        return decorate

    def _functions(self, upgrades: object, source: Source) -> tuple[Upgrade, ...]:
        """Return the upgrades as a tuple; none, and a mistake, if they are no list."""
        if isinstance(upgrades, list | tuple):
            return tuple(cast(Sequence[Upgrade], upgrades))
        what = (
            f"upgrades= takes a list of functions, not {getattr(upgrades, '__name__', upgrades)}."
        )
        instead = "Write upgrades=[upgraded], the oldest first."
        self.declared.mistakes.append(Mistake(source, "data.upgrade", what, instead))
        return ()

    def _later(self, what: str) -> Callable[[D], D]:
        self._refuse(what)
        return _same

    def _refuse(self, what: str) -> None:
        self.declared.mistakes.append(later.mistake(caller(), what))


def _require_text(name: object, source: Source, *, example: str) -> None:
    """Raise InvalidProgram for a decorator without parentheses: Python passes the handler."""
    if not isinstance(name, str):
        given = f"{getattr(name, '__name__', name)!r}"
        what = f"The decorator needs a text in parentheses, not {given}."
        instead = f"Write it as {example}."
        raise InvalidProgram([Mistake(source, "decorator.name", what, instead)])


def _same(declared: R) -> R:
    return declared
