"""The embedded engine: a program, a store, and everything between them. The CLI and the test kit build one.

`start` and `stop` frame the threads that deliver messages; without them the engine stands still, and virtual time drives it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from oort.app.programs import Program
from oort.engine.gateway.gateway import Gateway
from oort.engine.gateway.problem_replies import Throttling
from oort.engine.invoking.broker import EngineBroker
from oort.engine.invoking.calls import Calls
from oort.engine.invoking.dispatcher import Consumers, DeliveryReport, Dispatcher
from oort.engine.invoking.invoker import InProcessInvoker
from oort.engine.services.effects import Effects
from oort.engine.services.history import History
from oort.engine.services.parking import Parking
from oort.engine.services.queues import Queues
from oort.engine.services.relay import Relay
from oort.engine.services.schedules import Schedules
from oort.engine.services.tables import Tables, no_lag
from oort.engine.services.topics import Topics
from oort.engine.services.traces import Traces
from oort.engine.services.transactions import Transactions
from oort.engine.store.store import Store
from oort.model.errors import InvalidAnswer
from oort.model.platform import PlatformModel
from oort.ports.clock import Clock
from oort.ports.entropy import Entropy
from oort.ports.identity import Identity
from oort.ports.transactions import Transactions as TransactionsPort
from oort.runtime import releases
from oort.runtime.alarms import Alarms
from oort.runtime.environments import Factory
from oort.runtime.operations import Operations

CONSUMER_THREADS = 8


@dataclass(frozen=True, slots=True)
class Services:
    """The ports of one store, and what moves messages between them."""

    tables: Tables
    queues: Queues
    topics: Topics
    transactions: TransactionsPort
    effects: Effects
    parking: Parking
    history: History
    traces: Traces
    relay: Relay
    schedules: Schedules

    @classmethod
    def on(
        cls, store: Store, *, platform: PlatformModel, clock: Clock, lag: Callable[[], timedelta]
    ) -> "Services":
        """Every service on the store. `lag` delays secondary indexes."""
        return cls(
            tables=Tables(store, platform=platform, clock=clock, lag=lag),
            queues=Queues(store, platform=platform, clock=clock),
            topics=Topics(store, platform=platform, clock=clock),
            transactions=Transactions(store, platform=platform, clock=clock, lag=lag),
            effects=Effects(store, clock=clock),
            parking=Parking(store, platform=platform, clock=clock),
            history=History(store, clock=clock),
            traces=Traces(store),
            relay=Relay(store, platform=platform, clock=clock),
            schedules=Schedules(store, platform=platform, clock=clock),
        )

    def operations(self) -> Operations:
        """What handles ask for, carried out on these ports."""
        return Operations(
            tables=self.tables,
            queues=self.queues,
            topics=self.topics,
            transactions=self.transactions,
            effects=self.effects,
        )


class Engine:
    """One platform on one store.

    `overrides` replaces providers by what they make; `transactions` the engine's own, for controls that must fail;
    `report` hears of every delivery, `failed` of errors of the engine itself; `redeliver` hands everything that succeeds
    over twice; `lag` delays secondary indexes; `throttling` says which rates hold for clients.
    """

    def __init__(
        self,
        program: Program,
        *,
        store: Store,
        clock: Clock,
        entropy: Entropy,
        identity: Identity,
        overrides: Mapping[object, Factory] | None = None,
        transactions: TransactionsPort | None = None,
        threads: int = CONSUMER_THREADS,
        report: Callable[[DeliveryReport], None] = lambda _: None,
        failed: Callable[[Exception], None] = lambda _: None,
        redeliver: bool = False,
        lag: Callable[[], timedelta] = no_lag,
        throttling: Throttling = "declared",
    ) -> None:
        self.program, platform = program, program.model
        services = Services.on(store, platform=platform, clock=clock, lag=lag)
        if transactions is not None:
            services = replace(services, transactions=transactions)
        self.tables, self.queues, self.topics = services.tables, services.queues, services.topics
        self.traces, self.relay, self.schedules = (
            services.traces,
            services.relay,
            services.schedules,
        )
        self.transactions, self.effects, self.parking = (
            services.transactions,
            services.effects,
            services.parking,
        )
        self.history = services.history
        self.released: dict[str, int] = {}
        self.broker = EngineBroker(platform, operations=services.operations(), entropy=entropy)
        self.invoker = InProcessInvoker(
            program, broker=self.broker, clock=clock, entropy=entropy, overrides=overrides
        )
        calls = Calls(
            platform,
            invoker=self.invoker,
            traces=self.traces,
            clock=clock,
            failed=_as_error(failed),
        )
        self.broker.answering(calls.answer)
        self.gateway = self._admitting(
            identity, clock=clock, entropy=entropy, throttling=throttling
        )
        self.consumers = Consumers(
            platform,
            queues=self.queues,
            invoker=self.invoker,
            traces=self.traces,
            clock=clock,
            entropy=entropy,
            report=report,
            alarms=Alarms(self.transactions),
            redeliver=redeliver,
        )
        self._store = store
        self._dispatcher = self._dispatching(clock, threads=threads, failed=failed)

    def start(self) -> None:
        """Begin to deliver messages; call it while holding the state's lock.

        First, leases that a killed process left end, indexes that the program has and the store has not are built, and what
        is parked goes back to those consumers that understand it now; `released` then says how many messages that were.
        """
        self.queues.release_all()
        self.effects.release_all()
        self.tables.build_indexes()
        self.schedules.plan()
        self.release()
        self._store.on_commit = self._dispatcher.wake
        self._dispatcher.start()

    def stop(self) -> None:
        """Finish the deliveries that run, then close the environments. The store stays open; it belongs to the caller."""
        self._dispatcher.stop()
        self.invoker.close()

    def release(self) -> None:
        """Put back on the queues what was parked and is understood now."""
        self.released = releases.release(self.program, self.parking)

    def forward(self) -> int:
        """Put on queues what the outbox and the schedules have for them; how many messages."""
        return self.relay.move() + self.schedules.fire()

    def next_due(self) -> float | None:
        """The next moment, in Unix seconds, at which there is something to deliver; None if nothing is planned."""
        planned = (self.queues.next_due(), self.schedules.next_due())
        return min((due for due in planned if due is not None), default=None)

    def _admitting(
        self, identity: Identity, *, clock: Clock, entropy: Entropy, throttling: Throttling
    ) -> Gateway:
        return Gateway(
            self.program.model,
            identity=identity,
            invoker=self.invoker,
            traces=self.traces,
            clock=clock,
            entropy=entropy,
            throttling=throttling,
        )

    def _dispatching(
        self, clock: Clock, *, threads: int, failed: Callable[[Exception], None]
    ) -> Dispatcher:
        return Dispatcher(
            self.consumers,
            relay=self.forward,
            ready=self.queues.ready_queues,
            due=self.next_due,
            version=self._store.data_version,
            clock=clock,
            threads=threads,
            failed=failed,
        )


def _as_error(failed: Callable[[Exception], None]) -> Callable[[str, str], None]:
    """Tell of an answering handler's traceback through the same channel as of the engine's own errors."""
    return lambda call, traceback: failed(InvalidAnswer(f"The answer to {call} failed.", traceback))
