"""A platform in memory: the real gateway, queues, store and runtime, with a virtual clock."""

import random
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Never, Self, TypeVar, cast, get_type_hints

import msgspec

from oort.app.declaring import versions
from oort.app.declaring.services import Service
from oort.app.declaring.signatures import provided_type
from oort.app.handles import events
from oort.app.handles.events import Event
from oort.app.handles.queues import Queue
from oort.app.handles.secrets import Secret
from oort.app.handles.tables import Table
from oort.app.loading import projects
from oort.app.loading.loader import load
from oort.app.programs import Program
from oort.engine.clocks import VirtualClock
from oort.engine.engine import Deviations, Engine
from oort.engine.entropy import SeededEntropy
from oort.engine.gateway.gateway import LOGOUT
from oort.engine.store.direct import DirectStore
from oort.model import limits
from oort.model.errors import DidNotSettle, InvalidUse, NotFoundHere, Source
from oort.model.functions import Consumed
from oort.model.http import HttpReply, HttpRequest
from oort.model.invocations import DeliveryReport, Span
from oort.model.messages import DeadLetter, Message, Older, ParkedMessage
from oort.model.operations import Listed, ScanTable
from oort.model.platform import PlatformModel, ServiceModel
from oort.model.resources import QueueModel, SecretModel
from oort.rules import identifiers
from oort.rules.types import models
from oort.testing.callers import KnownCallers
from oort.testing.responses import Response

K = TypeVar("K")
T = TypeVar("T")
M = TypeVar("M")
E = TypeVar("E", bound=Event)

_OBSERVER = "oort-test"
_ADDRESS = "127.0.0.1"
_LONGEST_LAG = timedelta(milliseconds=200)
_MOST_DELIVERIES = 100_000


class Platform:
    """Services in memory. Messages are delivered only in `settle` and `advance`.

    Every message that succeeds is delivered again, as SQS may do; `redeliver=False` turns this off.
    Secondary indexes lag by up to 200 ms. The order of consumers is shuffled; another `seed` gives
    another order. `most` limits the deliveries of a `settle`. Routes with `rate` or `burst` limit
    their clients, in virtual time; `throttle=True` adds the gateway's default rates on all other
    routes, as outside tests.

        with Platform(accounts, email) as platform:
            assert platform.post("/accounts", {"email": "a@b.no", "country": "NO"}).status == 201
            platform.settle()
    """

    def __init__(
        self,
        *services: Service,
        seed: int = 0,
        redeliver: bool = True,
        throttle: bool = False,
        most: int = _MOST_DELIVERIES,
    ) -> None:
        self._clock = VirtualClock()
        self._entropy = SeededEntropy(seed)
        self._callers = KnownCallers()
        self._overrides: dict[object, Callable[..., object]] = {}
        self._random = random.Random(seed)  # noqa: S311  shuffles consumers
        self._failures: list[DeliveryReport] = []
        self._most = most
        self._store = DirectStore()
        self._redeliver = redeliver
        self._throttle = throttle
        self._load(services)
        self._engine.ports.tables.prepare()

    @classmethod
    def of_project(
        cls,
        folder: Path | str,
        *,
        seed: int = 0,
        redeliver: bool = True,
        most: int = _MOST_DELIVERIES,
    ) -> Self:
        """Return all services of the project in `folder`, the folder with oort.toml.

        The keywords are those of the class. Raises InvalidProject without an oort.toml, and
        InvalidProgram with every mistake of the services.

            with Platform.of_project("apps/shop") as platform:
                assert platform.get("/orders").status == 401
        """
        return cls(
            *projects.services(projects.find(Path(folder))),
            seed=seed,
            redeliver=redeliver,
            most=most,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.invoker.close()
        self._store.close()

    @property
    def model(self) -> PlatformModel:
        """Return the model of the platform."""
        return self._program.model

    # -- setting up

    def redeploy(self, *services: Service) -> None:
        """Replace the services and keep the state, as a deployment does.

        Items and waiting messages stay. Parked messages return to the consumers that can read them
        now. Replacements by `provide` end. Raises StateUnusable if the program would misread the
        items.

            platform.redeploy(accounts, email_of_next_week)
        """
        self._engine.invoker.close()
        self._overrides.clear()
        self._load(services)
        self._engine.ports.tables.prepare()
        self._engine.release()

    def provide(self, factory: Callable[[], object]) -> None:
        """Replace the provider of the factory's return type from now on.

        Raises InvalidUse without a return annotation, or if no service provides the type.
        """
        kind = provided_type(get_type_hints(factory).get("return"))
        if kind is None:
            raise InvalidUse(
                "The factory has no return annotation.",
                "Annotate the return type: def broken() -> Sender.",
            )
        if not any(kind in function.providers for function in self._program.functions.values()):
            what = f"No service provides {getattr(kind, '__name__', kind)}."
            raise InvalidUse(
                what, "Return the type that one of the @service.provide factories makes."
            )
        self._engine.invoker.close()
        self._overrides[kind] = factory

    def set_secret(self, secret: type[Secret[T, Never]], value: T) -> None:
        """Set the value of a secret, as an operator does with `oort secrets set`."""
        declared = secret.__oort__
        name = _require_name(
            declared.model.name, (secret.name for secret in self.model.of(SecretModel))
        )
        self._engine.ports.secrets.write(name, declared.encode(value))

    # -- requests

    def get(
        self,
        path: str,
        *,
        as_: str | None = None,
        groups: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a GET request.

        `as_` is the user's id and `groups` the user's groups. Without both, no token is sent.
        """
        return self.request("GET", path, as_=as_, groups=groups, headers=headers)

    def post(
        self,
        path: str,
        body: object = None,
        *,
        as_: str | None = None,
        groups: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a POST request. A `bytes` body is sent unchanged, any other body as JSON."""
        return self.request("POST", path, body, as_=as_, groups=groups, headers=headers)

    def put(
        self,
        path: str,
        body: object = None,
        *,
        as_: str | None = None,
        groups: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a PUT request. See `post`."""
        return self.request("PUT", path, body, as_=as_, groups=groups, headers=headers)

    def patch(
        self,
        path: str,
        body: object = None,
        *,
        as_: str | None = None,
        groups: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a PATCH request. See `post`."""
        return self.request("PATCH", path, body, as_=as_, groups=groups, headers=headers)

    def delete(
        self,
        path: str,
        *,
        as_: str | None = None,
        groups: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a DELETE request. See `get`."""
        return self.request("DELETE", path, as_=as_, groups=groups, headers=headers)

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        as_: str | None = None,
        groups: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a request with any method through the gateway."""
        raw = (
            b""
            if body is None
            else body
            if isinstance(body, bytes)
            else msgspec.json.encode(body, enc_hook=models.dump)
        )
        request_headers = {"content-type": "application/json"} if raw else {}
        if as_ is not None or groups:
            request_headers["authorization"] = (
                f"Bearer {self._callers.token(as_ or 'somebody', groups)}"
            )
        request_headers |= {name.lower(): value for name, value in (headers or {}).items()}
        route, _, query = path.partition("?")
        gateway = self._engine.gateway
        request = HttpRequest(method, route, query, request_headers, _ADDRESS)
        if (method, route) == ("POST", LOGOUT):
            return Response(gateway.logout(request))
        admitted = gateway.admit(request)
        if isinstance(admitted, HttpReply):
            return Response(admitted)
        if len(raw) > limits.REQUEST_BYTES:
            return Response(gateway.too_large(admitted))
        return Response(gateway.answer(admitted, raw))

    # -- messages and time

    def publish(self, event: Event) -> None:
        """Publish an event as its service would.

        Raises InvalidEvent if the event does not fit its class.
        """
        message = events.stamped(event, self._stamped)
        self._engine.ports.events.publish(message.name, message)

    def inject(
        self,
        to: type[Queue[M, Never]] | Callable[..., object],
        body: bytes,
        *,
        version: int = 1,
        oldest: int = 0,
        name: str | None = None,
    ) -> str:
        """Put a raw message on a work queue, or on the queue of an event's handler; return its id.

        Use this for messages of another program: another version, an unknown `name`, or an
        unreadable body. `parked` returns the messages that the consumer could not read.
        """
        queue = self._queue(to)
        (model,) = (candidate for candidate in self.model.queues if candidate.name == queue)
        message_name = (model.subscription or queue) if name is None else name
        message = self._stamped(
            name=message_name, body=body, key="", version=version, oldest=oldest, older=()
        )
        self._engine.ports.queues.send(queue, message)
        return message.id

    def settle(self) -> None:
        """Deliver until no message is ready, and let the index lag pass.

        Failed messages wait for `advance`. Raises DidNotSettle after `most` deliveries.
        """
        self._drain()
        self._clock.advance(_LONGEST_LAG)

    def advance(self, by: timedelta) -> None:
        """Let time pass, and deliver the messages that become due."""
        end = self._clock.now() + by
        while True:
            self._drain()
            due = self._engine.next_due()
            if due is None or due > end.timestamp():
                break
            self._clock.advance(timedelta(seconds=max(1e-6, due - self._clock.now().timestamp())))
        self._clock.advance_to(end)

    def redrive(self, source: type[Queue[M, Never]] | Callable[..., object]) -> int:
        """Put the dead letters of a queue, or of an event's handler, back; return their number."""
        return self._engine.ports.queue_inspection.redrive(self._queue(source))

    # -- inspection

    def items(self, table: type[Table[K, T, Never]]) -> list[T]:
        """Return every item of a table, in the order of the keys."""
        name, read = table.__oort__.model.name, table.__oort__.read
        _require_name(name, (model.name for model in self.model.tables))
        return [cast(T, read(item)) for page in self._pages(name) for item in page.items]

    def waiting(self, queue: type[Queue[M, Never]]) -> list[M]:
        """Return the messages of a work queue that wait for a delivery or a retry."""
        messages = self._engine.ports.queue_inspection.peek(
            self._queue(queue), most=_MOST_DELIVERIES
        )
        return [cast(M, queue.__oort__.read(message)) for message in messages]

    def dead(self, queue: type[Queue[M, Never]]) -> list[M]:
        """Return the dead letters of a work queue."""
        return [cast(M, queue.__oort__.read(letter.message)) for letter in self.dead_letters(queue)]

    def dead_letters(
        self, source: type[Queue[M, Never]] | Callable[..., object]
    ) -> list[DeadLetter]:
        """Return the dead letters of a queue or event handler, with attempts and errors."""
        return self._engine.ports.queue_inspection.dead(self._queue(source), most=_MOST_DELIVERIES)

    def published(self, event: type[E]) -> list[E]:
        """Return every published event of this class, oldest first."""
        self._relay()
        model = event.__oort__.model
        _require_name(f"{_OBSERVER}.{model.name}", (queue.name for queue in self.model.queues))
        messages = self._engine.ports.queue_inspection.peek(
            f"{_OBSERVER}.{model.name}", most=_MOST_DELIVERIES
        )
        return [
            cast(E, versions.read(event, message))
            for message in messages
            if message.version == model.version
        ]

    def parked(self, source: type[Queue[M, Never]] | Callable[..., object]) -> list[ParkedMessage]:
        """Return the parked messages of a queue or event handler with reasons, oldest first."""
        return self._engine.ports.parking.parked(self._queue(source), most=_MOST_DELIVERIES)

    def failures(self) -> list[DeliveryReport]:
        """Return every failed delivery so far, with its traceback."""
        return list(self._failures)

    def spans(self, trace: str) -> tuple[Span, ...]:
        """Return the spans of a trace: `platform.spans(response.trace)`."""
        return self._engine.ports.traces.read(trace)

    # -- implementation

    def _load(self, services: Sequence[Service]) -> None:
        program = load(services)
        self._program = replace(program, model=_observed(program))
        self._engine = Engine(
            self._program,
            store=self._store,
            clock=self._clock,
            entropy=self._entropy,
            identity=self._callers,
            overrides=self._overrides,
            report=self._note,
            throttling="all" if self._throttle else "declared",
            deviations=Deviations(
                redeliver=self._redeliver,
                lag=lambda: _LONGEST_LAG * self._entropy.chance(),
                through=_outcomes(),
            ),
        )
        self._engine.ports.schedules.plan()

    def _stamped(
        self,
        *,
        name: str,
        body: bytes,
        key: str,
        version: int,
        oldest: int,
        older: tuple[Older, ...],
    ) -> Message:
        moment = self._clock.now()
        now = moment.timestamp()
        return Message(
            id=identifiers.new(moment, self._entropy.bits),
            name=name,
            body=body,
            key=key,
            version=version,
            sent=now,
            oldest=oldest,
            older=older,
        )

    def _drain(self) -> None:
        delivered = 0
        while True:
            moved = self._relay()
            ready = [
                queue
                for queue in self._engine.ports.deliveries.ready_queues()
                if queue in self._engine.consumers
            ]
            self._random.shuffle(ready)
            deliveries = sum(self._engine.consumers.deliver(queue) for queue in ready)
            delivered += deliveries
            if not moved and not deliveries:
                return
            if delivered > self._most:
                what = (
                    f"The platform did not settle in {self._most:,} deliveries; "
                    f"the last were to {', '.join(ready)}."
                )
                raise DidNotSettle(what, "Look for a consumer that causes its own messages.")

    def _relay(self) -> int:
        moved = 0
        while step := self._engine.forward():
            moved += step
        return moved

    def _pages(self, table: str) -> Iterator[Listed]:
        after: str | None = None
        while True:
            page = self._engine.ports.tables.scan(ScanTable(table, after=after))
            yield page
            after = page.next
            if after is None:
                return

    def _queue(self, source: type[Queue[M, Never]] | Callable[..., object]) -> str:
        if isinstance(source, type) and issubclass(source, Queue):
            return _require_name(
                source.__oort__.model.name, (queue.name for queue in self.model.queues)
            )
        for function in self._program.functions.values():
            if function.call is source and isinstance(function.model.trigger, Consumed):
                return function.model.trigger.queue
        raise NotFoundHere(
            f"{source} has no queue on this platform.",
            "Name a queue class, or the handler of an event.",
        )

    def _note(self, report: DeliveryReport) -> None:
        if report.failure is not None:
            self._failures.append(report)


def _outcomes() -> tuple[type[BaseException], ...]:
    """Return the exceptions of `pytest.fail` and `pytest.skip`: they end the test, not a handler."""
    runner = sys.modules.get("pytest")
    return () if runner is None else (runner.fail.Exception, runner.skip.Exception)


def _require_name(name: str, names: Iterable[str]) -> str:
    if name not in names:
        raise NotFoundHere(
            f"{name} is not part of this platform.", "Pass its service to Platform(…)."
        )
    return name


def _observed(program: Program) -> PlatformModel:
    """Return the platform with an additional subscriber that collects every event."""
    names = {event.name for event in program.model.events}
    names |= {queue.subscription for queue in program.model.queues if queue.subscription}
    queues = tuple(
        QueueModel(
            name=f"{_OBSERVER}.{name}",
            service=_OBSERVER,
            attempts=1,
            visibility=limits.VISIBILITY,
            subscription=name,
            source=Source(__file__, 0),
        )
        for name in sorted(names)
    )
    return replace(
        program.model,
        services=(*program.model.services, ServiceModel(name=_OBSERVER, resources=queues)),
    )
