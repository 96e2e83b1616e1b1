"""Fakes: handles on an in-memory store, for calling a handler as a plain function."""

import itertools
import threading
import weakref
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar, cast, get_args, get_origin

from oort.app.declaring import versions
from oort.app.handles import calls, codecs, events
from oort.app.handles.actions import Put
from oort.app.handles.events import Event, Publish
from oort.app.handles.handle import AskingHandle, ResourceHandle, ask, declaration, make
from oort.app.handles.once import Once
from oort.app.handles.queues import Queue
from oort.app.handles.tables import Table, advance
from oort.engine.services import bundle
from oort.engine.services.bundle import EnginePorts
from oort.engine.store.direct import DirectStore
from oort.engine.store.session import Session
from oort.model import limits
from oort.model.errors import InvalidUse, Source
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
from oort.rules import identifiers, permissions
from oort.runtime.operations import Operations
from oort.runtime.system import SystemClock

R = TypeVar("R")
K = TypeVar("K")
T = TypeVar("T")
M = TypeVar("M")
E = TypeVar("E", bound=Event)
Own = TypeVar("Own", bound=Resource)

_MAXIMUM = 10_000


class _FakeStore:
    """The store behind all fakes of a thread.

    Each fake has its own name in the store, so fakes do not see each other's data. An operation
    gets only the ports of its own resources, so its cost does not depend on the number of fakes.
    The data of a fake is removed after the fake.
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

    def register(self, model: Own) -> Own:
        """Return a copy of the resource with a unique name."""
        renamed = replace(model, name=self._unique(model.name))
        self._resources[renamed.name] = renamed
        return renamed

    def subscribe(self, event: str) -> str:
        """Return a new queue that receives the event from now on."""
        queue = QueueModel(
            self._unique(event), "fakes", 1, limits.VISIBILITY, event, Source(__file__, 0)
        )
        self._resources[queue.name] = self._subscribers[event][queue.name] = queue
        return queue.name

    def remove_with(self, name: str, owner: object) -> None:
        """Remove the table or queue of that name, with its rows, after `owner` is gone."""
        weakref.finalize(owner, self._gone.append, name).atexit = False

    def perform(self, operation: Operation) -> Result:
        """Perform an operation without a check of grants."""
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
        # Ids sort in the order of sending.
        identifier = identifiers.uuid7(int(now * 1000), next(self._serial))
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
        """Return None: a plain call is not a delivery."""
        return None

    def delivery(self) -> "_Delivery":
        """Return a delivery of a new message."""
        return _Delivery(self, self._unique("message"))

    def peek(self, queue: str) -> list[Message]:
        """Return the messages of the queue."""
        return self._ports([queue]).queue_inspection.peek(queue, most=_MAXIMUM)

    def scan(self, operation: ScanTable) -> Listed:
        """Return a page of the table, without a check of grants."""
        return self._ports([operation.table]).tables.scan(operation)

    def _unique(self, name: str) -> str:
        self._forget()
        self._count += 1
        return f"{name}~{self._count}"


def _emptied(name: str) -> Callable[[Session], None]:
    """Return the work that removes all rows of a table or a queue."""

    def work(session: Session) -> None:
        session.run("DELETE FROM messages WHERE queue = ?", name)
        session.run("DELETE FROM items WHERE tbl = ?", name)
        # 0 is the character after /
        session.run("DELETE FROM entries WHERE idx > ? AND idx < ?", f"{name}/", f"{name}0")

    return work


class _Delivery:
    """The link of a fake Once: it stands for the deliveries of a single message."""

    def __init__(self, fake_store: _FakeStore, message: str) -> None:
        self._fake_store = fake_store
        self._message = message
        self._holders = itertools.count()

    def perform(self, operation: Operation) -> Result:
        """See `app.handles.handle`."""
        return self._fake_store.perform(operation)

    def lease(self, name: str) -> Lease:
        """See `app.handles.handle`."""
        return Lease("fakes.handler", self._message, name, str(next(self._holders)))


class _Replies:
    """The link of a fake that only asks: it returns the answers in order and repeats the last."""

    def __init__(self, answers: Sequence[Result], *, instead: str) -> None:
        self._answers = list(answers)
        self._instead = instead

    def perform(self, _: Operation) -> Result:
        """See `app.handles.handle`."""
        if not self._answers:
            return Refused(InvalidUse.code, f"The fake has no answer: write {self._instead}.")
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


_local = threading.local()


def _fake_store() -> _FakeStore:
    """Return the store of this thread. A store belongs to a thread."""
    fake_store: _FakeStore | None = getattr(_local, "fake_store", None)
    if fake_store is None:
        fake_store = _local.fake_store = _FakeStore()
    return fake_store


def fake(resource: type[R], *items: object) -> R:
    """Return a handle on a new resource in memory, with the actions in brackets.

    `fake(People[Get], account)` is a table with an item. `items` are stored at the start; a new
    item of a versioned table gets its first revision. For a call, `items` are the answers:
    `fake(Charge, Receipt(…))`. `fake(Once)` stands for a single message: a second call of the
    handler with the same fake is a redelivery. Read the results with `stored`, `sent` and
    `published`. Raises InvalidUse for a class that is not declared or has no actions.
    """
    if (asked := calls.declared(resource)) is not None:
        answers = [Answered(codecs.body(item, asked.reply)) for item in items]
        return make(resource, link=_Replies(answers, instead="fake(Charge, Receipt(…))"))
    if resource is Once and not items:
        return make(resource, link=_fake_store().delivery())
    origin, arguments = get_origin(resource), get_args(resource)
    if origin is None or not arguments:
        raise InvalidUse(
            f"fake({getattr(resource, '__name__', resource)}) has no actions.",
            "Write fake(People[Get | Put]).",
        )
    fake_store = _fake_store()
    if issubclass(origin, AskingHandle) and declaration(origin) is not None:
        return cast(R, _asking(origin, arguments, items))
    if items and not issubclass(origin, Table):
        raise InvalidUse(f"A fake {origin.__name__} starts empty.", "Give items to tables only.")
    if origin is Publish:
        return cast(R, _publish(fake_store, resource))
    declared = declaration(origin)
    if declared is None or not issubclass(origin, ResourceHandle):
        raise InvalidUse(
            f"{origin.__name__} is not a resource of a service.",
            "Put @service.table or @service.queue on it.",
        )
    unique = replace(declared, model=fake_store.register(declared.model))
    actions = frozenset(get_args(arguments[0]) or arguments)
    handle = make(origin, link=fake_store, __oort__=unique, _actions=actions)
    fake_store.remove_with(unique.model.name, handle)
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
    """Store an item as it is; a new item of a versioned table gets its first revision."""
    declared, version = table.__oort__, table.__oort__.model.version
    stored = declared.write(item)
    new = version is not None and getattr(item, version) == 0
    operation = PutItem(
        declared.model.name, {**stored, version: 1} if version is not None and new else stored
    )
    ask(table._link, operation)
    if new:
        advance(table, item)


def _publish(fake_store: _FakeStore, resource: object) -> object:
    """Return a handle with its own queue for each event; `published` reads the queues."""
    kinds = events.published_by(resource)
    if not kinds:
        raise InvalidUse(
            f"{resource} names no event.",
            "Write fake(Publish[SignedUp]), with a class under @event.",
        )
    queues = [fake_store.subscribe(kind.__oort__.model.name) for kind in kinds]
    out = make(Publish, link=fake_store, _events=kinds, _queues=queues)
    for queue in queues:
        fake_store.remove_with(queue, out)
    return out


def stored(table: "Table[K, T]") -> list[T]:
    """Return the items of a fake table, in the order of their keys."""
    name, read = table.__oort__.model.name, table.__oort__.read
    page = _fake_store().scan(ScanTable(name))
    items = page.items
    while page.next is not None:
        page = _fake_store().scan(ScanTable(name, after=page.next))
        items += page.items
    return [cast(T, read(item)) for item in items]


def sent(queue: "Queue[M]") -> list[M]:
    """Return the messages that were sent to a fake queue, oldest first."""
    declared = queue.__oort__
    return [cast(M, declared.read(message)) for message in _fake_store().peek(declared.model.name)]


def published(out: Publish[E]) -> list[E]:
    """Return the published events of the fake's classes since the fake was made, oldest first."""
    queues: list[str] = out.__dict__["_queues"]
    kinds = {(kind.__oort__.model.name, kind.__oort__.model.version): kind for kind in out._events}
    messages = sorted(
        (message for queue in queues for message in _fake_store().peek(queue)),
        key=lambda message: message.id,
    )
    return [
        cast(E, versions.read(kinds[message.name, message.version], message))
        for message in messages
    ]
