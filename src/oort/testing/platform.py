"""A platform in memory and in virtual time: the real gateway, queues, store and runtime, on a clock that tests move."""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Never, Self, TypeVar, cast, get_type_hints

import msgspec

from oort.app.declaring import versions
from oort.app.declaring.services import Service
from oort.app.declaring.signatures import made
from oort.app.handles import codecs, events
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
from oort.model.errors import DidNotSettle, InvalidUse, NotFoundHere
from oort.model.functions import Consumed
from oort.model.http import HttpReply, HttpRequest
from oort.model.invocations import DeliveryReport
from oort.model.messages import DeadLetter, Message, Older, ParkedMessage
from oort.model.operations import Listed, ScanTable
from oort.model.platform import PlatformModel, ServiceModel
from oort.model.resources import QueueModel, SecretModel
from oort.model.sources import Source
from oort.model.spans import Span
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
    """Services running in memory. Nothing happens by itself: `settle` and `advance` deliver messages.

    Every message that succeeds is delivered once more, as SQS may do (`redeliver=False` turns it off); secondary indexes
    lag a little; the order of consumers is shuffled. `seed` makes another run of it. `most` bounds the deliveries of
    one `settle`. Routes that declare a `rate` or `burst` hold their callers to it, in virtual time; with `throttle=True`
    the gateway's own rates hold on all others, too, as they do outside tests.

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

    @classmethod
    def of_project(
        cls,
        folder: Path | str,
        *,
        seed: int = 0,
        redeliver: bool = True,
        most: int = _MOST_DELIVERIES,
    ) -> Self:
        """All services of the project in the folder with oort.toml. The other arguments are those of the class.

        Raises InvalidProject if there is none, and InvalidProgram with every mistake of its services.

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
        """The program as data."""
        return self._program.model

    # -- setting up

    def redeploy(self, *services: Service) -> None:
        """Go on with other services on the same state, as a deployment does: what waits in tables and queues stays, and
        parked messages go back to those consumers that understand them now. Replaced providers are forgotten.

            platform.redeploy(accounts, email_of_next_week)
        """
        self._engine.invoker.close()
        self._overrides.clear()
        self._load(services)
        self._engine.ports.tables.build_indexes()
        self._engine.release()

    def provide(self, factory: Callable[[], object]) -> None:
        """Replace the provider of the factory's return type, from now on."""
        kind = made(get_type_hints(factory).get("return"))
        if kind is None:
            raise InvalidUse(
                "The factory does not say what it makes.",
                "Annotate its return type: def broken() -> Sender.",
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
        name = _known(declared.model.name, (one.name for one in self.model.of(SecretModel)))
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
        """Send a GET request. `as_` is the caller's id, `groups` the caller's groups; without them there is no token."""
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
        """Send a POST request. A `bytes` body is sent as it is, anything else as JSON."""
        return self.request("POST", path, body, as_=as_, groups=groups, headers=headers)

    def put(
        self, path: str, body: object = None, *, as_: str | None = None, groups: Sequence[str] = ()
    ) -> Response:
        """Send a PUT request."""
        return self.request("PUT", path, body, as_=as_, groups=groups)

    def patch(
        self, path: str, body: object = None, *, as_: str | None = None, groups: Sequence[str] = ()
    ) -> Response:
        """Send a PATCH request."""
        return self.request("PATCH", path, body, as_=as_, groups=groups)

    def delete(self, path: str, *, as_: str | None = None, groups: Sequence[str] = ()) -> Response:
        """Send a DELETE request."""
        return self.request("DELETE", path, as_=as_, groups=groups)

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
        """Send any request through the gateway."""
        raw = (
            b""
            if body is None
            else body
            if isinstance(body, bytes)
            else msgspec.json.encode(body, enc_hook=models.dump)
        )
        sent = {"content-type": "application/json"} if raw else {}
        if as_ is not None or groups:
            sent["authorization"] = f"Bearer {self._callers.token(as_ or 'somebody', groups)}"
        sent |= {name.lower(): value for name, value in (headers or {}).items()}
        route, _, query = path.partition("?")
        gateway = self._engine.gateway
        asked = HttpRequest(method, route, query, sent, _ADDRESS)
        if (method, route) == ("POST", LOGOUT):
            return Response(gateway.logout(asked))
        admitted = gateway.admit(asked)
        if isinstance(admitted, HttpReply):
            return Response(admitted)
        if len(raw) > limits.REQUEST_BYTES:
            return Response(gateway.too_large(admitted))
        return Response(gateway.answer(admitted, raw))

    # -- messages and time

    def publish(self, event: Event) -> None:
        """Publish an event, as its service would. Raises InvalidEvent if it does not fit its class."""
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
        """Put a message as it is on a work queue, or on the queue of an event's handler, as a program that is not this one
        may: another version, an unknown `name`, garbage. Returns its id. What cannot be read is in `parked`.
        """
        queue = self._queue(to)
        (model,) = (one for one in self.model.queues if one.name == queue)
        called = (model.subscription or queue) if name is None else name
        message = self._stamped(
            name=called, body=body, key="", version=version, oldest=oldest, older=()
        )
        self._engine.ports.queues.send(queue, message)
        return message.id

    def settle(self) -> None:
        """Deliver until nothing more can be delivered now, and let index lag pass. Failed messages wait for `advance`."""
        self._drain()
        self._clock.advance(_LONGEST_LAG)

    def advance(self, by: timedelta) -> None:
        """Let time pass, and deliver what becomes due on the way."""
        end = self._clock.now() + by
        while True:
            self._drain()
            due = self._engine.next_due()
            if due is None or due > end.timestamp():
                break
            self._clock.advance(timedelta(seconds=max(1e-6, due - self._clock.now().timestamp())))
        self._clock.advance_to(end)

    def redrive(self, source: type[Queue[M, Never]] | Callable[..., object]) -> int:
        """Put the dead letters of a queue, or of an event's handler, back; how many."""
        return self._engine.ports.queue_inspection.redrive(self._queue(source))

    # -- looking

    def items(self, table: type[Table[K, T, Never]]) -> list[T]:
        """Every item of a table, in the order of its keys."""
        name, kind = table.__oort__.model.name, cast(type[T], table.__oort__.item)
        _known(name, (one.name for one in self.model.tables))
        return [
            codecs.typed(item, kind, where=name)
            for page in self._pages(name)
            for item in page.items
        ]

    def waiting(self, queue: type[Queue[M, Never]]) -> list[M]:
        """The messages of a work queue that have not been delivered, or wait to be tried again."""
        messages = self._engine.ports.queue_inspection.peek(
            self._queue(queue), most=_MOST_DELIVERIES
        )
        return [
            cast(
                M, msgspec.json.decode(one.body, type=queue.__oort__.message, dec_hook=models.load)
            )
            for one in messages
        ]

    def dead(self, queue: type[Queue[M, Never]]) -> list[M]:
        """The dead letters of a work queue."""
        return [
            cast(
                M,
                msgspec.json.decode(
                    one.message.body, type=queue.__oort__.message, dec_hook=models.load
                ),
            )
            for one in self.dead_letters(queue)
        ]

    def dead_letters(
        self, source: type[Queue[M, Never]] | Callable[..., object]
    ) -> list[DeadLetter]:
        """The dead letters of a work queue, or of an event's handler, with their attempts and errors."""
        return self._engine.ports.queue_inspection.dead(self._queue(source), most=_MOST_DELIVERIES)

    def published(self, event: type[E]) -> list[E]:
        """Every event of this class that was published, oldest first."""
        self._relay()
        model = event.__oort__.model
        _known(f"{_OBSERVER}.{model.name}", (one.name for one in self.model.queues))
        messages = self._engine.ports.queue_inspection.peek(
            f"{_OBSERVER}.{model.name}", most=_MOST_DELIVERIES
        )
        return [
            cast(E, versions.read(event, one)) for one in messages if one.version == model.version
        ]

    def parked(self, source: type[Queue[M, Never]] | Callable[..., object]) -> list[ParkedMessage]:
        """What the consumer of a work queue, or an event's handler, could not read, oldest first, each with its reason."""
        return self._engine.ports.parking.parked(self._queue(source), most=_MOST_DELIVERIES)

    def failures(self) -> list[DeliveryReport]:
        """Every failed delivery so far, with its traceback."""
        return list(self._failures)

    def spans(self, trace: str) -> tuple[Span, ...]:
        """The spans of a trace: `platform.spans(response.trace)`."""
        return self._engine.ports.traces.read(trace)

    # -- how

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
                redeliver=self._redeliver, lag=lambda: _LONGEST_LAG * self._entropy.chance()
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
            handed = sum(self._engine.consumers.deliver(queue) for queue in ready)
            delivered += handed
            if not moved and not handed:
                return
            if delivered > self._most:
                what = f"The platform did not settle in {self._most:,} deliveries; the last were to {', '.join(ready)}."
                raise DidNotSettle(what, "A consumer seems to cause its own messages, for ever.")

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
            return _known(source.__oort__.model.name, (one.name for one in self.model.queues))
        for function in self._program.functions.values():
            if function.call is source and isinstance(function.model.trigger, Consumed):
                return function.model.trigger.queue
        raise NotFoundHere(
            f"{source} has no queue here.", "Name a queue class, or the handler of an event."
        )

    def _note(self, report: DeliveryReport) -> None:
        if report.failure is not None:
            self._failures.append(report)


def _known(name: str, names: Iterable[str]) -> str:
    if name not in names:
        raise NotFoundHere(
            f"{name} is not part of this platform.", "Give its service to Platform(…)."
        )
    return name


def _observed(program: Program) -> PlatformModel:
    """The platform with one more subscriber to every event, which only collects."""
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
