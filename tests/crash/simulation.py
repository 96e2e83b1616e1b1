"""The engine on a seeded scheduler, in one thread and in virtual time, with a crash at any boundary of a commit.

Everything of a process is real but its threads and its clock. A step is what one thread does: a request, a pass of the relay, the
deliveries of a queue, a command of an operator. Where a thread could lose its turn, in front of each transaction and during an
effect outside, other steps may run first. The same seed makes the same run:

    python -m tests.crash.simulation SEED
"""

import random
import sys
from collections.abc import Callable
from contextvars import Context
from datetime import datetime, timedelta

from oort.app.loading.loader import load
from oort.engine.clocks import VirtualClock
from oort.engine.engine import Deviations, Engine
from oort.engine.entropy import SeededEntropy
from oort.engine.store.direct import DirectStore
from oort.model.http import HttpReply, HttpRequest
from oort.model.messages import Message
from oort.testing.callers import KnownCallers
from tests.crash import laws
from tests.crash.boundaries import POINTS, BoundaryStore, Crash, Moment, names
from tests.crash.controls import NO_CONTROL, Control
from tests.crash.ledger import Ledger
from tests.crash.orders import FLAKY, HOUR, KILLER, PLAIN, POISON, TICKED, Order, Outside, orders
from tests.crash.outcomes import ALL, Outcome

PROGRAM = load([orders])
CONSUMED = ("orders.count", "orders.mail", "orders.ship", "orders.jobs", "orders.tick")
STEPS = (6, 20)
CRASHES = (1, 4)
BOUNDARIES = (1, 60)  # between two crashes
FAR = 500
AIMED = 0.5  # share of the later crashes that aim at a point, as the first does
DEPTH = 2  # of steps inside steps
INSIDE = 0.08  # share of the pauses in which another step runs
MOST_INSIDE = 12
JUMPS = (timedelta(days=40), timedelta(hours=5), timedelta(minutes=2))
PATIENCE = 400  # passes until everything is delivered
LONGEST = timedelta(days=1)  # that a message may wait


class SettableClock(VirtualClock):
    """A clock whose wall time can be set, while its monotonic time goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.error = timedelta(0)

    def now(self) -> datetime:
        """Return the time, with the error of the clock."""
        return super().now() + self.error


class Simulation:
    """One run. `control` breaks the platform in a way that the laws must notice.

    With `jumps`, somebody sets the wall clock now and then, while the platform runs. Without `crashes` the process dies only by a
    message that kills it.
    """

    def __init__(
        self, seed: int, *, control: Control = NO_CONTROL, jumps: bool = False, crashes: bool = True
    ) -> None:
        self.outcome = Outcome(seed)
        self.clock = SettableClock()
        self._jumps = jumps
        self.ledger = Ledger()
        self.database = DirectStore()
        self._seed = seed
        self._control = control
        self._random = random.Random(seed)  # repeatability is the purpose
        self._aim, self._left = tuple(POINTS)[seed % len(POINTS)], FAR
        self._crashes = self._random.randint(*CRASHES) if crashes else 0
        self._depth = self._inside = self._ids = 0
        self._quiet = True  # nothing else runs: during a start, and in the end
        self._store = BoundaryStore(self.database, self)
        self._engine: Engine | None = None

    def run(self) -> Outcome:
        """Run the steps, then repair everything, deliver what is left, and look at the laws."""
        self.alive(self.start)
        for _ in range(self._random.randint(*STEPS)):
            self.alive(self._step)
        for stage in (self.settle, self._repair, self.settle):
            while not self.alive(stage):
                pass
            self._look()
        self.outcome.faults += laws.unfinished(laws.read(self.database), self.ledger)
        self._crashes = 0
        self._look_at_the_schedule()
        self.database.close()
        return self.outcome

    # -- the process

    def reach(self, moment: Moment) -> None:
        """See `boundaries.Process`. The process dies here if its time has come."""
        self._left -= 1
        if self._crashes and (self._left <= 0 or self._aim in names(moment)):
            self._crashes -= 1
            self._aim, self._left = self._next_crash()
            self.outcome.crashes.update((*names(moment), ALL))
            self._tell(f"crash: {moment.work}, {moment.at} {sorted(moment.done)}")
            self.die()

    def die(self) -> None:
        """End the process."""
        self._store.dead = True
        raise Crash

    def pause(self) -> None:
        """See `boundaries.Process`. Another step may run here."""
        free = not self._quiet and self._depth < DEPTH and self._inside < MOST_INSIDE
        if free and not self._follows_a_jump() and self._random.random() < INSIDE:
            self._inside += 1
            self._depth += 1
            try:
                Context().run(self._step)
            finally:
                self._depth -= 1

    def _follows_a_jump(self) -> bool:
        """True while the engine corrects its times. Other threads wait for that."""
        return self.engine.ports.deliveries._steady._jumps._lock.locked()

    def _next_crash(self) -> tuple[str, int]:
        """Return the aim of the next crash, and the number of boundaries after which it happens anyway."""
        if self._random.random() < AIMED:
            return self._random.choice(tuple(POINTS)), FAR
        return "", self._random.randint(*BOUNDARIES)

    def alive(self, work: Callable[[], None]) -> bool:
        """Do the work. After a crash, look at the laws and start processes until one has started. True without a crash."""
        try:
            work()
        except Crash:
            self._look()
            self._depth = 0
            # Nobody can notice a jump while the platform is stopped: the clock is set a little later.
            self.clock.error = self._noticed()
            self.alive(self.start)
            return False
        return True

    def start(self) -> None:
        self._quiet = True
        self.outcome.processes += 1
        self._store = BoundaryStore(self.database, self)
        engine = Engine(
            PROGRAM,
            store=self._store,
            clock=self.clock,
            entropy=SeededEntropy(self._seed * 1000 + self.outcome.processes),
            identity=KnownCallers(),
            overrides={Outside: lambda: _World(self)},
            deviations=Deviations(
                through=(Crash,),
                transactions=self._control.transactions(self._store, PROGRAM.model, self.clock),
            ),
        )
        engine._dispatcher = _Still()  # type: ignore[assignment]  # steps stand for its threads
        self._control.changed(engine)
        engine.start()
        self._engine = engine
        self._quiet = False
        self._inside = 0

    @property
    def engine(self) -> Engine:
        """The engine of the living process."""
        assert self._engine is not None
        return self._engine

    # -- steps

    def _step(self) -> None:
        kinds = (
            (5, self._place),
            (2, self._note),
            (1, self._again),
            (5, self._relay),
            (9, self._deliver),
            (3, self._wait),
            (1, self._redrive),
            (1, self._replay),
            (1, self._send_unreadable),
            (1, self._release_parked),
            (3 if self._jumps else 0, self._set_clock),
        )
        (step,) = self._random.choices([step for _, step in kinds], [weight for weight, _ in kinds])
        step()

    def _place(self) -> None:
        nature = self._random.choices((PLAIN, FLAKY, POISON), (4, 2, 1))[0]
        self._request(self._next("o"), f"/orders/placed/{{}}/{nature}")

    def _again(self) -> None:
        """Repeat a request that had no answer, as clients do."""
        if self.ledger.unsure:
            order = self._random.choice(sorted(self.ledger.unsure))
            self._request(order, self.ledger.unsure[order])

    def _request(self, order: str, path: str) -> None:
        self.ledger.unsure[order] = path
        status = self.post(path.format(order))
        self._tell(f"order {order}: {status}")
        if status in (201, 409):  # 409: it had been placed before
            self.ledger.unsure.pop(order, None)
            self.ledger.placed.add(order)

    def _note(self) -> None:
        order = self._next("n")
        self.ledger.maybe.add(order)
        status = self.post(f"/orders/notes/{order}/{self._random.choice((PLAIN, FLAKY))}")
        self._tell(f"note {order}: {status}")
        if status == 202:
            self.ledger.maybe.discard(order)
            self.ledger.noted.add(order)

    def _relay(self) -> None:
        """Do what a pass of the dispatcher does first."""
        self._tell(f"relay: {self.engine.forward()}")
        self.engine.ports.deliveries.ready_queues()

    def _deliver(self) -> None:
        queue = self._random.choice(CONSUMED)
        self._tell(f"deliver {queue}")
        self.engine.consumers.drain(queue, stopping=lambda: False)

    def _wait(self) -> None:
        by = self._random.choices(
            (timedelta(seconds=self._random.randint(1, 20)), timedelta(minutes=5), HOUR), (4, 2, 1)
        )[0]
        self._tell(f"{by} pass")
        self.clock.advance(by)

    def _set_clock(self) -> None:
        """Set the wall clock, also while something is computed or written, and again before anybody has looked."""
        by = self._random.choice(JUMPS) * self._random.choice((-1, 1))
        self._tell(f"the wall clock is set by {by}")
        self.clock.error += by

    def _noticed(self) -> timedelta:
        """Return the jumps that the engine has noticed."""
        row = self.database.row("SELECT total FROM jumps")
        return timedelta(seconds=0 if row is None else row[0])

    def _redrive(self) -> None:
        self._tell(f"redrive: {self.engine.ports.queue_inspection.redrive('orders.jobs')}")

    def _replay(self) -> None:
        event, queue = self._random.choice(
            (("orders.accepted", "orders.count"), ("orders.counted", "orders.ship"))
        )
        chosen = [each.message for each in self.engine.ports.history.last(event, most=2)]
        for message in chosen:
            self.ledger.replayed[queue, laws.order_of(message)] += 1
        self._tell(f"replay {len(chosen)} to {queue}")
        self.engine.ports.history.replay(queue, chosen)

    def _send_unreadable(self) -> None:
        order = self._next("u")
        self.ledger.maybe.add(order)
        self._tell(f"a message of another version: {order}")
        body = b'{"id":"%s"}' % order.encode()
        message = Message(id=order, name="orders.jobs", body=body, version=7)
        self.engine.ports.queues.send("orders.jobs", message)
        self.ledger.maybe.discard(order)
        self.ledger.unreadable.add(order)

    def _release_parked(self) -> None:
        count = self.engine.ports.parking.release("orders.jobs", ready=lambda _: True)
        self._tell(f"release of parked: {count}")

    def post(self, path: str) -> int:
        gateway = self.engine.gateway
        admitted = gateway.admit(HttpRequest("POST", path, "", {}, "127.0.0.1"))
        assert not isinstance(admitted, HttpReply), admitted
        return gateway.answer(admitted, b"").status

    def _next(self, kind: str) -> str:
        self._ids += 1
        return f"{kind}{self._ids}"

    # -- the end

    def _repair(self) -> None:
        """Nothing fails from now on, and an operator puts back what died or was parked."""
        self._tell("everything is repaired")
        self.ledger.healed = True
        for queue in CONSUMED:
            self.engine.ports.queue_inspection.redrive(queue)
        self._release_parked()
        self._replay()
        self.clock.advance(HOUR)

    def settle(self) -> None:
        """Deliver until nothing is left that could be delivered, now or later."""
        self._quiet = True
        ports = self.engine.ports
        for _ in range(PATIENCE):
            moved = self.engine.forward()
            ready = ports.deliveries.ready_queues()
            for queue in ready:
                self.engine.consumers.drain(queue, stopping=lambda: False)
            if not moved and not ready:
                due = ports.deliveries.next_due()
                if due is None:
                    return
                wait = timedelta(seconds=max(1e-3, due - self.clock.now().timestamp()))
                if wait > LONGEST:
                    self.outcome.faults.append(f"a message waits for {wait}")
                    return
                self.clock.advance(wait)
        self.outcome.faults.append(f"not everything was delivered in {PATIENCE} passes")

    def _look_at_the_schedule(self) -> None:
        due = self.engine.ports.schedules.next_due()
        if due is None:
            self.outcome.faults.append("no run of the schedule is planned")
            return
        before = sum(consumer == TICKED for consumer, _ in laws.read(self.database).effects)
        self.clock.advance(timedelta(seconds=max(0, due - self.clock.now().timestamp())))
        self.settle()
        after = sum(consumer == TICKED for consumer, _ in laws.read(self.database).effects)
        if after != before + 1:
            self.outcome.faults.append(f"a run of the schedule happened {after - before} times")

    def _look(self) -> None:
        books = laws.read(self.database)
        self.outcome.faults += laws.broken(books, self.ledger, self.outcome.places)

    def _tell(self, what: str) -> None:
        moment = self.clock.now().strftime("%d %H:%M:%S")
        self.outcome.story.append(f"{moment} {'  ' * self._depth}{what}")


class _World:
    """The world outside, for one simulation: it reaches boundaries, and others work during its effects."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def work(self, order: Order) -> None:
        if order.nature == KILLER and not self._simulation.ledger.healed:
            self._simulation.die()
        self._simulation.ledger.work(order)
        self._simulation.pause()

    def mail(self, id: str, key: str) -> str:
        self._simulation.reach(Moment("outside", "before", frozenset()))
        receipt = self._simulation.ledger.mail(id, key)
        self._simulation.pause()
        self._simulation.reach(Moment("outside", "after", frozenset()))
        return receipt

    def mailed(self, id: str, receipt: str) -> None:
        self._simulation.ledger.mailed(id, receipt)
        self._simulation.reach(Moment("outside", "known", frozenset()))


class _Still:
    """A dispatcher without threads."""

    def start(self) -> None:
        """Start nothing."""

    def wake(self) -> None:
        """Wake nobody."""


def run(seed: int) -> Outcome:
    """Run one seed on the platform as it is."""
    return Simulation(seed).run()


def run_with_jumps(seed: int) -> Outcome:
    """Run one seed while somebody sets the wall clock."""
    return Simulation(seed, jumps=True).run()


def main() -> int:
    """Show one run, step by step."""
    outcome = Simulation(int(sys.argv[1])).run()
    print("\n".join((*outcome.story, *outcome.faults)))  # noqa: T201  its purpose
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
