"""Fakes: handles on an in-memory store, for calling a handler as the plain function that it is."""

import itertools
import threading
import weakref
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar, cast, get_args, get_origin

import msgspec

from oort.app.declaring import versions
from oort.app.handles import calls, codecs, events
from oort.app.handles.actions import Put
from oort.app.handles.events import Event, Publish
from oort.app.handles.handle import AskingHandle, ResourceHandle, ask, declaration, make
from oort.app.handles.once import Once
from oort.app.handles.queues import Queue
from oort.app.handles.tables import Table, advance
from oort.engine.clocks import SystemClock
from oort.engine.services import bundle
from oort.engine.services.bundle import EnginePorts
from oort.engine.store.direct import DirectStore
from oort.engine.store.session import Session
from oort.model import limits
from oort.model.errors import InvalidUse
from oort.model.messages import Message, Older
from oort.model.operations import (
    Answered,
    Lease,
    Listed,
    Mark,
    Operation,
    PutItem,
    Refused,
    Result,
    ScanTable,
)
from oort.model.platform import PlatformModel, ServiceModel
from oort.model.resources import QueueModel, Resource
from oort.model.sources import Source
from oort.rules import identifiers, permissions
from oort.rules.types import models
from oort.runtime.operations import Operations

R = TypeVar("R")
K = TypeVar("K")
T = TypeVar("T")
M = TypeVar("M")
E = TypeVar("E", bound=Event)
Own = TypeVar("Own", bound=Resource)

_MOST = 10_000


class _World:
    """The store behind all fakes of a thread. Each fake has a name of its own in it, so fakes never see each other's data.

    An operation gets ports of the resources that it names and no others, so that it costs the same however many fakes there
    are. What belongs to a fake goes when the fake is gone.
    """

    def __init__(self) -> None:
        self._store = DirectStore()
        self._clock = SystemClock()
        self._resources: dict[str, Resource] = {}
        self._subscribers: dict[str, dict[str, QueueModel]] = defaultdict(dict)
        self._gone: deque[str] = deque()  # filled by the thread that collects garbage
        self._latest: tuple[tuple[str, ...], EnginePorts] | None = None  # the last ports in use
        self._count = 0
        self._serial = itertools.count()

    def own(self, model: Own) -> Own:
        """A resource like this one that nobody else has."""
        renamed = replace(model, name=self._unique(model.name))
        self._resources[renamed.name] = renamed
        return renamed

    def subscribe(self, event: str) -> str:
        """A queue that gets the event from now on."""
        queue = QueueModel(
            self._unique(event), "fakes", 1, limits.VISIBILITY, event, Source(__file__, 0)
        )
        self._resources[queue.name] = self._subscribers[event][queue.name] = queue
        return queue.name

    def belongs(self, name: str, owner: object) -> None:
        """Forget the table or the queue of that name, with its rows, when the owner is gone."""
        weakref.finalize(owner, self._gone.append, name).atexit = False

    def perform(self, operation: Operation) -> Result:
        """Carry out an operation; there are no grants to ask."""
        ports = self._ports([name for _, name, _ in permissions.needs(operation)])
        result = Operations(ports).perform(operation)
        while ports.relay.move():
            pass
        return result

    def _ports(self, names: Iterable[str]) -> EnginePorts:
        """Return ports of these tables, queues and events."""
        resources = {name: self._resources[name] for name in names if name in self._resources}
        for name in names:
            resources |= self._subscribers.get(name, {})
        chosen = tuple(resources)
        if self._latest is None or self._latest[0] != chosen:
            service = ServiceModel(name="fakes", resources=tuple(resources.values()))
            platform = PlatformModel("fakes", (service,))
            self._latest = chosen, bundle.on(self._store, platform=platform, clock=self._clock)
        return self._latest[1]

    def _forget(self) -> None:
        """Remove the resources of fakes that are gone."""
        while self._gone:
            name = self._gone.popleft()
            resource = self._resources.pop(name, None)
            if isinstance(resource, QueueModel) and resource.subscription is not None:
                self._subscribers[resource.subscription].pop(name)
            self._store.write(_emptied(name))

    def message(
        self,
        *,
        name: str,
        body: bytes,
        key: str,
        version: int,
        oldest: int = 0,
        older: tuple[Older, ...] = (),
    ) -> Message:
        """See `app.handles.handle`."""
        now = self._clock.now().timestamp()
        identifier = identifiers.uuid7(
            int(now * 1000), next(self._serial)
        )  # so that ids sort as they were sent
        return Message(
            id=identifier,
            name=name,
            body=body,
            key=key,
            version=version,
            sent=now,
            oldest=oldest,
            older=older,
        )

    def mark(self) -> Mark | None:
        """A plain call is no delivery."""
        return None

    def delivery(self) -> "_Delivery":
        """A delivery that nobody else has."""
        return _Delivery(self, self._unique("message"))

    def peek(self, queue: str) -> list[Message]:
        """What was sent to the queue."""
        return self._ports([queue]).queue_inspection.peek(queue, most=_MOST)

    def scan(self, operation: ScanTable) -> Listed:
        """A page of the table, whatever the handle may do."""
        return self._ports([operation.table]).tables.scan(operation)

    def _unique(self, name: str) -> str:
        self._forget()
        self._count += 1
        return f"{name}~{self._count}"


def _emptied(name: str) -> Callable[[Session], None]:
    """The removal of all rows of a table or a queue."""

    def work(session: Session) -> None:
        session.run("DELETE FROM messages WHERE queue = ?", name)
        session.run("DELETE FROM items WHERE tbl = ?", name)
        session.run(
            "DELETE FROM entries WHERE idx > ? AND idx < ?", f"{name}/", f"{name}0"
        )  # 0 comes after /

    return work


class _Delivery:
    """The link of a fake Once, which stands for the deliveries of one message."""

    def __init__(self, world: _World, message: str) -> None:
        self._world = world
        self._message = message
        self._holders = itertools.count()

    def perform(self, operation: Operation) -> Result:
        """See `app.handles.handle`."""
        return self._world.perform(operation)

    def lease(self, name: str) -> Lease:
        """See `app.handles.handle`."""
        return Lease("fakes.handler", self._message, name, str(next(self._holders)))


class _Replies:
    """The link of a fake that only asks: the given answers, one after the other, the last for ever."""

    def __init__(self, answers: Sequence[Result], *, instead: str) -> None:
        self._answers = list(answers)
        self._instead = instead

    def perform(self, _: Operation) -> Result:
        """See `app.handles.handle`."""
        if not self._answers:
            return Refused(InvalidUse.code, f"The fake has no answer: write {self._instead}.")
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


_local = threading.local()


def _world() -> _World:
    """The thread's own world: a store belongs to one thread."""
    world: _World | None = getattr(_local, "world", None)
    if world is None:
        world = _local.world = _World()
    return world


def fake(resource: type[R], *items: object) -> R:
    """A handle on a resource of its own, in memory, with exactly the actions named: `fake(People[Get], account)`.

    `items` are there from the start; a versioned one that is new gets its first revision. Of a call, as in
    `fake(Charge, Receipt(…))`, they are the answers. Look at what was done with `stored`, `sent` and `published`.
    `fake(Once)` stands for one message: calling the handler with it again is a further delivery.
    """
    if calls.declared(resource) is not None:
        answers = [Answered(codecs.body(item)) for item in items]
        return make(resource, link=_Replies(answers, instead="fake(Charge, Receipt(…))"))
    if resource is Once and not items:
        return make(resource, link=_world().delivery())
    origin, arguments = get_origin(resource), get_args(resource)
    if origin is None or not arguments:
        raise InvalidUse(
            f"fake({getattr(resource, '__name__', resource)}) has no actions.",
            "Write fake(People[Get | Put]).",
        )
    world = _world()
    if issubclass(origin, AskingHandle) and declaration(origin) is not None:
        return cast(R, _asking(origin, arguments, items))
    if items and not issubclass(origin, Table):
        raise InvalidUse(f"A fake {origin.__name__} starts empty.", "Give items to tables only.")
    if origin is Publish:
        return cast(R, _publish(world, resource))
    declared = declaration(origin)
    if declared is None or not issubclass(origin, ResourceHandle):
        raise InvalidUse(
            f"{origin.__name__} is no resource of a service.",
            "Put @service.table or @service.queue on it.",
        )
    own = replace(declared, model=world.own(declared.model))
    actions = frozenset(get_args(arguments[0]) or arguments)
    handle = make(origin, link=world, __oort__=own, _actions=actions)
    world.belongs(own.model.name, handle)
    for item in items:
        _fill(cast(Table[object, object, Put], handle), item)
    return cast(R, handle)


def _asking(
    origin: type[AskingHandle], arguments: Sequence[object], items: Sequence[object]
) -> object:
    """A handle that answers with the items."""
    instead = f"fake({origin.__name__}[…], …)"
    replies = _Replies([origin._answer(item) for item in items], instead=instead)
    return make(origin, link=replies, _actions=frozenset(get_args(arguments[0]) or arguments))


def _fill(table: "Table[object, object, Put]", item: object) -> None:
    """Store an item as it is; one whose revision says that it is new gets its first, as a put gives it."""
    declared, version = table.__oort__, table.__oort__.model.version
    stored = declared.write(item)
    new = version is not None and getattr(item, version) == 0
    operation = PutItem(
        declared.model.name, {**stored, version: 1} if version is not None and new else stored
    )
    ask(table._link, operation)
    if new:
        advance(table, item)


def _publish(world: _World, resource: object) -> object:
    """A handle that publishes into a queue of its own, which `published` reads."""
    kinds = events.published_by(resource)
    if not kinds:
        raise InvalidUse(
            f"{resource} names no event.",
            "Write fake(Publish[SignedUp]), with a class under @event.",
        )
    queues = [world.subscribe(kind.__oort__.model.name) for kind in kinds]
    out = make(Publish, link=world, _events=kinds, _queues=queues)
    for queue in queues:
        world.belongs(queue, out)
    return out


def stored(table: "Table[K, T]") -> list[T]:
    """The items of a fake table, in the order of their keys."""
    name, kind = table.__oort__.model.name, cast(type[T], table.__oort__.item)
    page = _world().scan(ScanTable(name))
    found = page.items
    while page.next is not None:
        page = _world().scan(ScanTable(name, after=page.next))
        found += page.items
    return [codecs.typed(item, kind, where=name) for item in found]


def sent(queue: "Queue[M]") -> list[M]:
    """The messages that were sent to a fake queue, oldest first."""
    declared = queue.__oort__
    return [
        cast(M, msgspec.json.decode(one.body, type=declared.message, dec_hook=models.load))
        for one in _world().peek(declared.model.name)
    ]


def published(out: Publish[E]) -> list[E]:
    """The events of a fake Publish's classes that were published since it was made, oldest first."""
    queues: list[str] = out.__dict__["_queues"]
    kinds = {(kind.__oort__.model.name, kind.__oort__.model.version): kind for kind in out._events}
    found = sorted(
        (one for queue in queues for one in _world().peek(queue)), key=lambda one: one.id
    )
    return [cast(E, versions.read(kinds[one.name, one.version], one)) for one in found]
