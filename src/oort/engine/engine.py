"""The embedded engine: a program, a store, and the parts that connect them.

The CLI and the test kit create it. `start` and `stop` control the threads that deliver messages.
Without them the engine does nothing by itself, and virtual time drives it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from oort.app.programs import Program
from oort.engine.gateway.gateway import Gateway
from oort.engine.gateway.limiter import Limiter
from oort.engine.gateway.problem_replies import Throttling
from oort.engine.invoking.broker import EngineBroker
from oort.engine.invoking.dispatcher import Consumers, Consuming, Dispatcher
from oort.engine.invoking.invoker import InProcessInvoker
from oort.engine.invoking.invokers import Invoker
from oort.engine.invoking.plans import Plans
from oort.engine.services import bundle
from oort.engine.services.bundle import EnginePorts
from oort.engine.services.tables import no_lag
from oort.engine.store.store import Store
from oort.engine.workers.invoker import WorkerInvoker, Workers
from oort.engine.workers.places import Places
from oort.model.errors import InvalidAnswer
from oort.model.invocations import CallOutcome, DeliveryReport
from oort.model.operations import CallFunction
from oort.model.platform import PlatformModel
from oort.ports.clock import Clock
from oort.ports.entropy import Entropy
from oort.ports.identity import Identity
from oort.ports.transactions import Transactions
from oort.runtime import parking
from oort.runtime.environments import Factory
from oort.runtime.operations import Operations
from oort.runtime.parking import Alarms

CONSUMER_THREADS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviations:
    """Differences from a normal run, for tests.

    `transactions` replaces the engine's own, for controls that must fail. `redeliver` delivers each
    successful message twice. `lag` delays secondary indexes. `through` are the exceptions by which a
    test runner ends a test, also from inside a handler.
    """

    transactions: Transactions | None = None
    redeliver: bool = False
    lag: Callable[[], timedelta] = no_lag
    through: tuple[type[BaseException], ...] = ()


NONE = Deviations()


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts that run the functions of one version of the platform."""

    invoker: Invoker
    gateway: Gateway
    consumers: Consumers


class Engine:
    """A platform on a store.

    `overrides` replaces providers by factories. `report` receives every delivery, `failed` every
    error of the engine itself. `throttling` selects the rates that hold for clients. Handlers that
    are not `timed` have no time-out, for a debugger. With `workers`, functions run in worker processes.
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
        threads: int = CONSUMER_THREADS,
        report: Callable[[DeliveryReport], None] = lambda _: None,
        failed: Callable[[Exception], None] = lambda _: None,
        throttling: Throttling = "declared",
        timed: bool = True,
        workers: Workers | None = None,
        deviations: Deviations = NONE,
    ) -> None:
        self.program = program
        self._store = store
        self.clock, self.entropy = clock, entropy
        self._identity, self._throttling = identity, throttling
        self._report, self._redeliver = report, deviations.redeliver
        self._failed, self._limiter = failed, Limiter(clock)
        self._places: Places | None = None
        self.ports = self._ports_on(store, clock=clock, failed=failed, deviations=deviations)
        self.released: dict[str, int] = {}
        self._operations = Operations(self.ports)
        self.broker = self._broker_of(program.model)
        self.workers = (
            None if workers is None else self._in_workers(program.model, workers, self.broker)
        )
        self.invoker: Invoker = self.workers or InProcessInvoker(
            program,
            broker=self.broker,
            clock=clock,
            entropy=entropy,
            overrides=overrides,
            through=deviations.through,
            timed=timed,
        )
        self._call: Callable[[str, CallFunction], CallOutcome] = self.invoker.call
        self.first = self._parts(program.model, self.invoker)
        self.gateway, self.consumers = self.first.gateway, self.first.consumers
        self._dispatcher = self._dispatching(clock, threads=threads, failed=failed)

    def parts(self, platform: PlatformModel, workers: Workers) -> Parts:
        """Return the parts of a further version, whose functions run in these workers."""
        broker = self._broker_of(platform)
        return self._parts(platform, self._in_workers(platform, workers, broker))

    def divide(
        self, consumers: Consuming, call: Callable[[str, CallFunction], CallOutcome]
    ) -> None:
        """Deliver messages and make calls by these from now on: they choose a version."""
        self._call = call
        self._dispatcher.use(consumers)

    def start(self) -> None:
        """Begin to deliver messages. The caller must hold the state's lock.

        First, leases of a killed process end, missing indexes are built, and parked messages
        go back to consumers that can read them now. `released` then holds the number of
        released messages, by queue.
        """
        self.ports.deliveries.release_all()
        self.ports.effects.release_all()
        self.ports.tables.prepare()
        self.ports.schedules.plan()
        self.release()
        self._store.on_commit = self._dispatcher.wake
        self._dispatcher.start()

    def wind_down(self) -> None:
        """Begin no other deliveries, without a wait for those that run.

        A batch ends after its current message. The rest of the batch goes back without a counted attempt.
        """
        self._dispatcher.wind_down()
        self.invoker.wind_down()

    def stop(self) -> None:
        """Finish the running deliveries, then close the environments.

        The store stays open, since it belongs to the caller.
        """
        self.wind_down()
        self._dispatcher.stop()
        self.invoker.close()

    def release(self) -> None:
        """Put parked messages back on their queues if their consumers can read them now."""
        self.released = parking.release(self.program, self.ports.parking)

    def forward(self) -> int:
        """Put due messages of the outbox and the schedules on their queues. Return their number."""
        return self.ports.relay.move() + self.ports.schedules.fire()

    def next_due(self) -> float | None:
        """Return the next moment with a message to deliver, in Unix seconds; None if
        no message is planned.
        """
        planned = (self.ports.deliveries.next_due(), self.ports.schedules.next_due())
        return min((due for due in planned if due is not None), default=None)

    def _ports_on(
        self,
        store: Store,
        *,
        clock: Clock,
        failed: Callable[[Exception], None],
        deviations: Deviations,
    ) -> EnginePorts:
        ports = bundle.on(
            store,
            platform=self.program.model,
            clock=clock,
            lag=deviations.lag,
            run=self._run_call,
            failed=_as_error(failed),
        )
        if deviations.transactions is None:
            return ports
        return replace(ports, transactions=deviations.transactions)

    def _broker_of(self, platform: PlatformModel) -> EngineBroker:
        return EngineBroker(
            platform,
            operations=self._operations,
            tables=self.ports.tables,
            plans=Plans(
                tables=self.ports.tables,
                queues=self.ports.queues,
                events=self.ports.events,
                transactions=self.ports.transactions,
            ),
            store=self._store,
            entropy=self.entropy,
        )

    def _parts(self, platform: PlatformModel, invoker: Invoker) -> Parts:
        gateway = Gateway(
            platform,
            identity=self._identity,
            invoker=invoker,
            traces=self.ports.traces,
            clock=self.clock,
            entropy=self.entropy,
            throttling=self._throttling,
            limiter=self._limiter,
        )
        consumers = Consumers(
            platform,
            deliveries=self.ports.deliveries,
            invoker=invoker,
            traces=self.ports.traces,
            clock=self.clock,
            entropy=self.entropy,
            report=self._report,
            alarms=Alarms(self.ports.transactions),
            redeliver=self._redeliver,
        )
        return Parts(invoker, gateway, consumers)

    def _in_workers(
        self, platform: PlatformModel, workers: Workers, broker: EngineBroker
    ) -> WorkerInvoker:
        if self._places is None:
            self._places = Places(workers.most)
        return WorkerInvoker(
            platform,
            workers,
            broker=broker,
            clock=self.clock,
            entropy=self.entropy,
            failed=self._failed,
            places=self._places,
        )

    def _run_call(self, function: str, operation: CallFunction) -> CallOutcome:
        return self._call(function, operation)

    def _dispatching(
        self, clock: Clock, *, threads: int, failed: Callable[[Exception], None]
    ) -> Dispatcher:
        return Dispatcher(
            self.consumers,
            relay=self.forward,
            ready=self.ports.deliveries.ready_queues,
            due=self.next_due,
            version=self._store.data_version,
            clock=clock,
            threads=threads,
            failed=failed,
        )


def _as_error(failed: Callable[[Exception], None]) -> Callable[[str, str], None]:
    """Report tracebacks of answering handlers through the channel for the engine's own errors."""
    return lambda call, traceback: failed(InvalidAnswer(f"The answer to {call} failed.", traceback))
