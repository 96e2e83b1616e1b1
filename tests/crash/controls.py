"""Platforms that are broken on purpose: each leaves out one thing that the laws rest on, and the laws must notice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from oort.engine.engine import Engine
from oort.engine.rows.messages import add, fan_out
from oort.engine.rows.times import unix
from oort.engine.services.events import Events
from oort.engine.services.queues import Queues
from oort.engine.services.steady import SteadyTime
from oort.engine.services.transactions import Transactions
from oort.engine.store.session import Session
from oort.engine.store.store import Store
from oort.model.operations import Mark, PublishEvent, SendMessage, Write
from oort.model.platform import PlatformModel
from oort.ports.clock import Clock
from oort.ports.transactions import Transactions as Port

Replaced = Callable[[Store, PlatformModel, Clock], Port | None]
_FOR_EVER = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Control:
    """One thing that is left out. `changed` may take parts out of the engine."""

    name: str
    transactions: Replaced = lambda _store, _platform, _clock: None
    changed: Callable[[Engine], None] = lambda _: None


class DualWrites:
    """Transactions without an outbox: first the items, then each message for itself."""

    def __init__(self, store: Store, platform: PlatformModel, clock: Clock) -> None:
        self._items = Transactions(
            store, platform=platform, clock=clock, steady=SteadyTime(store, clock=clock)
        )
        self._queues = Queues(store, platform=platform, clock=clock)
        self._events = Events(store, platform=platform, clock=clock)

    def commit(self, writes: Sequence[Write], mark: Mark | None) -> bool:
        """See `ports.transactions`, which this does not keep."""
        messages = [write for write in writes if isinstance(write, SendMessage | PublishEvent)]
        applied = self._items.commit([write for write in writes if write not in messages], mark)
        for message in messages if applied else ():
            if isinstance(message, PublishEvent):
                self._events.publish(message.event, message.message)
            else:
                self._queues.send(
                    message.queue, message.message, delay=timedelta(seconds=message.delay)
                )
        return applied


class Unmarked:
    """Transactions without the inbox."""

    def __init__(self, store: Store, platform: PlatformModel, clock: Clock) -> None:
        self._transactions = Transactions(
            store, platform=platform, clock=clock, steady=SteadyTime(store, clock=clock)
        )

    def commit(self, writes: Sequence[Write], mark: Mark | None) -> bool:
        """See `ports.transactions`, which this does not keep."""
        return self._transactions.commit(writes, None)


def _relaying_in_two_commits(engine: Engine) -> None:
    """Put messages on their queues in one commit, and take them from the outbox in the next."""
    relay = engine.ports.relay
    store, platform, now = relay._store, relay._platform, unix(relay._steady.moment())

    def move() -> int:
        rows = store.read(
            lambda session: session.rows("SELECT seq, kind, name, payload FROM outbox")
        )
        for seq, kind, name, payload in rows:
            if kind == "publish":
                store.write(
                    partial(fan_out, platform=platform, event=name, payload=payload, now=now)
                )
            else:
                store.write(partial(add, queue=name, payload=payload, sent=now, visible=now))
            store.write(partial(_delete, seq=seq))
        return len(rows)

    relay.move = move  # type: ignore[method-assign,assignment]


def _delete(session: Session, *, seq: int) -> None:
    session.run("DELETE FROM outbox WHERE seq = ?", seq)


def _forgetting(engine: Engine) -> None:
    """Acknowledge a batch when it is received, in front of its handler."""
    deliveries = engine.ports.deliveries
    settle = deliveries.settle

    def receive(queue: str, *, most: int) -> list[object]:
        received = settle(queue, most=most)
        settle(queue, acknowledged=[delivery.receipt for delivery in received])
        return list(received)

    deliveries.receive = receive  # type: ignore[method-assign,assignment]


def _keeping_leases(engine: Engine) -> None:
    """Give leases that never end, also not at a start."""
    deliveries = engine.ports.deliveries
    queues = deliveries._queues
    deliveries._queues = {
        name: replace(queue, visibility=_FOR_EVER) for name, queue in queues.items()
    }
    deliveries.release_all = lambda: 0  # type: ignore[method-assign]


def _claiming_nothing(engine: Engine) -> None:
    """Carry out effects outside without a claim, and keep no result."""
    engine.ports.effects.claim = lambda _, **__: None  # type: ignore[method-assign]
    engine.ports.effects.finish = lambda *_: True  # type: ignore[method-assign]


def _trusting_the_clock(engine: Engine) -> None:
    """Never compare the wall clock with the monotonic clock."""
    jumps = engine.ports.deliveries._steady._jumps
    jumps.follow = lambda act: None  # type: ignore[method-assign]
    jumps.time = lambda: (jumps._clock.now(), 0.0)  # type: ignore[method-assign]


NO_CONTROL = Control("everything is in its place")
CONTROLS = (
    Control("without outbox", transactions=DualWrites),
    Control("without inbox", transactions=Unmarked),
    Control("a relay in two commits", changed=_relaying_in_two_commits),
    Control("acknowledged in front of the handler", changed=_forgetting),
    Control("leases without expiry", changed=_keeping_leases),
    Control("effects outside without a claim", changed=_claiming_nothing),
)
TRUSTED_CLOCK = Control("a wall clock that is trusted", changed=_trusting_the_clock)
