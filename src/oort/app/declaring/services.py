"""The service: what users hang tables, queues, providers and handlers on. It records declarations; the loader judges them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Concatenate, Never, Unpack

from oort.app.declaring import queues, tables
from oort.app.declaring.declarations import (
    AnswerDeclared,
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
)
from oort.app.handles import calls, later
from oort.app.handles.actions import D, F, K, M, P, R, T
from oort.app.handles.calls import Call
from oort.app.handles.events import E
from oort.app.handles.later import Bucket, Changed, Upload
from oort.app.handles.queues import Queue
from oort.app.handles.tables import Table
from oort.app.source_places import caller, caller_module
from oort.model import limits
from oort.model.problems import Json
from oort.model.resources import Resource
from oort.model.sources import Mistake, Source


@dataclass(slots=True)
class Declared:
    """All that was declared on a service, in order."""

    source: Source
    modules: set[str] = field(default_factory=set[str])
    resources: list[Resource] = field(default_factory=list[Resource])
    handlers: list[HandlerDeclared] = field(default_factory=list[HandlerDeclared])
    providers: list[ProviderDeclared] = field(default_factory=list[ProviderDeclared])
    mistakes: list[Mistake] = field(default_factory=list[Mistake])
    cors: list[str] = field(default_factory=list[str])


class Service:
    """A service: a unit of ownership and deployment, with its own tables, queues and functions.

    Pages of the origins in `cors`, such as "https://shop.example", may call its routes from a browser; nobody's by itself.

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
        self.declared.cors += cors

    # -- resources

    def table(
        self,
        name: str,
        *,
        key: str | tuple[str, str],
        version: str | None = None,
        expires: str | None = None,
    ) -> Callable[[D], D]:
        """Declare a table. `key` names the key field, or the partition and sort fields; `version` an int field that
        guards read-then-write.
        """
        source = self._here()
        if expires is not None:
            self.declared.mistakes.append(later.mistake(source, "expires="))
        fields = (key,) if isinstance(key, str) else key
        return self._resource(name, source, partial(tables.declare, key=fields, version=version))

    def queue(self, name: str, *, attempts: int = 5, fifo: bool = False) -> Callable[[D], D]:
        """Declare a work queue. After `attempts` (1 to 1000) a message becomes a dead letter."""
        source = self._here()
        if fifo:
            self.declared.mistakes.append(later.mistake(source, "fifo="))
        return self._resource(name, source, partial(queues.declare, attempts=attempts))

    def bucket(self, name: str) -> Callable[[D], D]:
        """Declare a bucket. Refused at load by this release."""
        return self._later(f"The bucket {name}")

    def secret(self, name: str, *, rotate: timedelta | None = None) -> Callable[[D], D]:
        """Declare a secret. Its value is set with `oort secrets set`. `rotate` is refused at load by this release."""
        source = self._here()
        if rotate is not None:
            self.declared.mistakes.append(later.mistake(source, "rotate="))
        from oort.app.declaring import secrets  # for a program with secrets

        return self._resource(name, source, secrets.declare)

    def provide(self, factory: F) -> F:
        """Declare how a port of your own is made: handlers that ask for the factory's return type get it.

        It is called once an environment, so connections made here are pooled. Write it as a generator to close what it
        opened. Handles that it takes count as the handler's.
        """
        self.declared.providers.append(ProviderDeclared(factory, self._here()))
        return factory

    # -- requests

    def get(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Answer GET requests under the service's name. See `post`."""
        return self._route(Route(method="GET", path=path, **options))

    def post(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Answer POST requests: `@accounts.post("/")` is POST /accounts.

        Private unless `public=True`. `groups` names the groups whose members may call it, `owner` the path parameter
        that holds the id of its only caller; with both, either will do. `raises` names the problems that are part of its
        contract. `timeout` is at most 29 seconds (API Gateway); after it the caller gets 504, and the handler can write
        nothing more. One client may call `rate` times a second, and `burst` times at once after a pause; by default 500
        and 1,000 without a token, 1,000 and 2,000 with one. What is more gets 429 and does not reach the handler.

        >>> shop = Service("shop")
        >>> @shop.get("/baskets/{id}", owner="id", groups=["support"], rate=10)
        ... def basket(id: str) -> str:
        ...     return f"What {id} wants"
        """
        return self._route(Route(method="POST", path=path, **options))

    def put(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Answer PUT requests. See `post`."""
        return self._route(Route(method="PUT", path=path, **options))

    def patch(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Answer PATCH requests. See `post`."""
        return self._route(Route(method="PATCH", path=path, **options))

    def delete(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Answer DELETE requests, with the status 204. See `post`."""
        default: RouteOptions = {"status": 204}
        return self._route(Route(method="DELETE", path=path, **(default | options)))

    # -- messages

    def on(
        self,
        event: type[E],
        *,
        where: Mapping[str, Json] | None = None,
        attempts: int = 5,
        **options: Unpack[ConsumerOptions],
    ) -> Callable[[Callable[Concatenate[E, P], R]], Callable[Concatenate[E, P], R]]:
        """Consume an event, through a queue of this handler's own with its own attempts and dead letters."""
        source = self._here()
        if where is not None:
            self.declared.mistakes.append(
                Mistake(
                    source,
                    "event.where",
                    f"{getattr(event, '__name__', event)} travels by topic, which does not route by pattern.",
                    'Filter inside the handler; pattern routing comes with events declared via="bus".',
                )
            )
        return self._handler(SubscriptionDeclared(event, attempts), HandlerOptions(**options))

    def worker(
        self, queue: type[Queue[M, Never]], **options: Unpack[ConsumerOptions]
    ) -> Callable[[Callable[Concatenate[M, P], R]], Callable[Concatenate[M, P], R]]:
        """Consume a work queue, one message a call; up to `batch` (1 to 10) are fetched together and fail one by one."""
        return self._handler(WorkerDeclared(queue), HandlerOptions(**options))

    # -- time

    def every(
        self, interval: timedelta, *, attempts: int = 3, **options: Unpack[RunOptions]
    ) -> Callable[[F], F]:
        """Run at every multiple of the interval, counted from the Unix epoch; at least a minute, as EventBridge Scheduler.

        A run is a message on a queue of the handler's own: at least once, `attempts` tries, then a dead letter. Runs that
        were missed while the platform was stopped are made up for by one.
        """
        return self._handler(
            TimerDeclared(interval, None, "UTC", attempts), HandlerOptions(**options)
        )

    def cron(
        self,
        expression: str,
        *,
        timezone: str = "UTC",
        attempts: int = 3,
        **options: Unpack[RunOptions],
    ) -> Callable[[F], F]:
        """Run at the times of a cron expression: minute, hour, day, month, weekday, in a time zone. See `every`.

        A local time that the clocks jump over is skipped; one that comes twice runs once.
        """
        return self._handler(
            TimerDeclared(None, expression, timezone, attempts), HandlerOptions(**options)
        )

    # -- calls

    def answer(
        self, call: type[Call[M, R]], *, timeout: timedelta | None = None
    ) -> Callable[[Callable[Concatenate[M, P], R]], Callable[Concatenate[M, P], R]]:
        """Answer a declared call. Only the service in front of the call's dot may; its problems reach the caller."""
        declared = calls.declared(call)
        longest = timeout or (declared.model.timeout if declared else limits.REQUEST_TIMEOUT)
        return self._handler(AnswerDeclared(call), HandlerOptions(timeout=longest))

    # -- typed already, run by a later release

    def on_change(
        self,
        table: type[Table[K, T, Never]],  # noqa: ARG002
    ) -> Callable[
        [Callable[Concatenate[Changed[T], P], R]], Callable[Concatenate[Changed[T], P], R]
    ]:
        """Consume the changes of a table. Refused at load by this release."""
        self._refuse("on_change")
        return _same

    def on_upload(
        self,
        bucket: type[Bucket[Never]],  # noqa: ARG002
        *,
        prefix: str = "",  # noqa: ARG002
    ) -> Callable[[Callable[Concatenate[Upload, P], R]], Callable[Concatenate[Upload, P], R]]:
        """Consume uploads to a bucket. Refused at load by this release."""
        self._refuse("on_upload")
        return _same

    # -- how it is recorded

    def _here(self) -> Source:
        """The line that called the public method; its module belongs to this service."""
        self.declared.modules.add(caller_module())
        return caller()

    def _resource(self, name: str, source: Source, declare: Declare) -> Callable[[D], D]:
        def decorate(cls: D) -> D:
            model, mistakes = declare(ResourceDeclared(cls, self.name, name, source))
            self.declared.mistakes += mistakes
            if model is not None:
                self.declared.resources.append(model)
            return cls

        return decorate

    def _route(self, route: Route) -> Callable[[F], F]:
        return self._handler(route, HandlerOptions(timeout=route.timeout))

    def _handler(self, trigger: TriggerDeclared, options: HandlerOptions) -> Callable[[F], F]:
        source = self._here()

        def decorate(handler: F) -> F:
            self.declared.handlers.append(HandlerDeclared(handler, trigger, options, source))
            return handler

        return decorate

    def _later(self, what: str) -> Callable[[D], D]:
        self._refuse(what)
        return _same

    def _refuse(self, what: str) -> None:
        self.declared.mistakes.append(later.mistake(caller(), what))


def _same(thing: R) -> R:
    return thing
