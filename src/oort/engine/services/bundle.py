"""The ports of the engine on a store, and the parts that move messages between them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from oort.engine.services.backlog import Backlog
from oort.engine.services.calls import Calls, Run
from oort.engine.services.deliveries import Deliveries
from oort.engine.services.effects import Effects
from oort.engine.services.events import Events
from oort.engine.services.history import History
from oort.engine.services.parking import Parking
from oort.engine.services.queue_inspection import QueueInspection
from oort.engine.services.queues import Queues
from oort.engine.services.relay import Relay
from oort.engine.services.schedules import Schedules
from oort.engine.services.secrets import Secrets
from oort.engine.services.steady import SteadyTime
from oort.engine.services.tables import Tables, no_lag
from oort.engine.services.traces import Traces
from oort.engine.services.transactions import Transactions
from oort.engine.store.store import Store
from oort.model.invocations import CallOutcome
from oort.model.operations import CallFunction
from oort.model.platform import PlatformModel
from oort.ports.clock import Clock
from oort.ports.transactions import Transactions as TransactionsPort
from oort.rules.messaging import calls as rules


@dataclass(frozen=True, slots=True, kw_only=True)
class EnginePorts:
    """See `ports.bundle`. `history`, `relay` and `schedules` exist only in the engine."""

    tables: Tables
    queues: Queues
    events: Events
    calls: Calls
    effects: Effects
    secrets: Secrets
    transactions: TransactionsPort
    deliveries: Deliveries
    queue_inspection: QueueInspection
    parking: Parking
    traces: Traces
    history: History
    relay: Relay
    schedules: Schedules
    backlog: Backlog

    def adopt(self, platform: PlatformModel, *, before: PlatformModel) -> None:
        """Use the resources of another model from now on, in one step for all writes.

        `before` is the model until now. Raises StateUnusable, without effect, if the stored items do not fit.
        """
        try:
            self.tables.exchange(platform, adopt=lambda: self._adopt(platform))
        except BaseException:
            self._adopt(before)
            raise

    def _adopt(self, platform: PlatformModel) -> None:
        self.tables.adopt(platform)
        if isinstance(self.transactions, Transactions):
            self.transactions.adopt(platform)
        for port in (
            self.queues,
            self.events,
            self.calls,
            self.secrets,
            self.deliveries,
            self.queue_inspection,
            self.parking,
            self.relay,
            self.schedules,
            self.backlog,
        ):
            port.adopt(platform)


def nobody(_: str, operation: CallFunction) -> CallOutcome:
    """Refuse the call: a store without a program has no answering function."""
    return CallOutcome(result=rules.unanswered(operation.call))


def on(
    store: Store,
    *,
    platform: PlatformModel,
    clock: Clock,
    lag: Callable[[], timedelta] = no_lag,
    run: Run = nobody,
    failed: Callable[[str, str], None] = lambda _call, _traceback: None,
) -> EnginePorts:
    """Return all ports on the store.

    `lag` delays secondary indexes. `run` runs the function that answers a call.
    """
    traces, steady = Traces(store), SteadyTime(store, clock=clock)
    backlog = Backlog(store, platform=platform, clock=clock)
    return EnginePorts(
        tables=Tables(store, platform=platform, clock=clock, lag=lag),
        queues=Queues(store, platform=platform, clock=clock, backlog=backlog, steady=steady),
        events=Events(store, platform=platform, clock=clock, backlog=backlog, steady=steady),
        calls=Calls(platform, run=run, traces=traces, clock=clock, failed=failed),
        effects=Effects(store, steady=steady),
        secrets=Secrets(store, platform=platform, clock=clock),
        transactions=Transactions(
            store, platform=platform, clock=clock, steady=steady, lag=lag, backlog=backlog
        ),
        deliveries=Deliveries(store, platform=platform, clock=clock, steady=steady),
        queue_inspection=QueueInspection(store, platform=platform, clock=clock, steady=steady),
        parking=Parking(store, platform=platform, steady=steady),
        traces=traces,
        history=History(store, steady=steady),
        relay=Relay(store, platform=platform, clock=clock, steady=steady),
        schedules=Schedules(store, platform=platform, clock=clock, steady=steady),
        backlog=backlog,
    )
