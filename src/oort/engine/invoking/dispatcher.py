"""Deliveries to consumers: receives batches, runs the function, settles successes and failures.

`Consumers.deliver` is a synchronous step, which virtual time calls directly. `Dispatcher` calls
the steps from threads.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from oort.engine.invoking.invokers import Invoker
from oort.engine.invoking.shares import Shares
from oort.engine.services.deliveries import Deliveries, Retry
from oort.model.functions import Consumed, FunctionModel
from oort.model.invocations import BatchOutcome, DeliveryReport, Failure, Parked, labelled
from oort.model.messages import Delivery
from oort.model.platform import PlatformModel
from oort.ports.clock import Clock
from oort.ports.entropy import Entropy
from oort.ports.traces import Traces
from oort.rules import identifiers, triggers
from oort.rules.messaging import retries
from oort.runtime.parking import Alarms

# Interval at which the dispatcher looks for writes of other processes, such as
# a redrive of the CLI.
_POLL = timedelta(milliseconds=500)
# The longest pause after the engine itself has failed, for instance because the disk is full.
_LONGEST_PAUSE = timedelta(seconds=30)
# The time after which a thread begins no further batch, so that it makes room for other consumers.
SLICE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Pause:
    """The end and the length of a pause after a failure of the engine itself."""

    until: float  # of the machine's monotonic clock, in seconds
    length: timedelta


class Consuming(Protocol):
    """What the dispatcher asks of consumers: of a version's, or of those of all versions."""

    def __contains__(self, queue: str) -> bool: ...

    def batches(self, queue: str, *, most: int) -> int:
        """Return the number of batches that wait on the queue, counted up to `most`."""

    def drain(
        self,
        queue: str,
        *,
        stopping: Callable[[], bool],
        leased: Callable[[], None] = lambda: None,
    ) -> int:
        """Deliver batch after batch, until the queue is empty or a slice of time is over.

        Return the number of deliveries. `leased` is called once, when the first batch is leased or
        there is none.
        """


class Consumers:
    """The consumers of a platform, step by step.

    With `redeliver`, each successful message is delivered twice. `version` is the name of the version in
    logs and traces, while several are live.
    """

    def __init__(
        self,
        platform: PlatformModel,
        *,
        deliveries: Deliveries,
        invoker: Invoker,
        traces: Traces,
        clock: Clock,
        entropy: Entropy,
        report: Callable[[DeliveryReport], None],
        alarms: Alarms,
        redeliver: bool = False,
    ) -> None:
        self.version = ""
        self._deliveries = deliveries
        self._invoker = invoker
        self._traces = traces
        self._clock = clock
        self._entropy = entropy
        self._report = report
        self._redeliver = redeliver
        self.adopt(platform)
        self._functions = triggers.consumers(platform.functions)
        self._alarms = alarms

    def adopt(self, platform: PlatformModel) -> None:
        """Use the queues of this model from now on, for the consumers of the own version."""
        self._attempts = {queue.name: queue.attempts for queue in platform.queues}

    def __contains__(self, queue: str) -> bool:
        return queue in self._functions

    def deliver(self, queue: str) -> int:
        """Lease a batch of the queue, run its consumer and settle the outcome.

        Return the number of deliveries.
        """
        deliveries = self._deliveries.receive(queue, most=_batch(self._functions[queue]))
        if deliveries:
            self._hand_over(queue, deliveries, further=lambda: 0)
        return len(deliveries)

    def batches(self, queue: str, *, most: int) -> int:
        """Return the number of batches that wait on the queue, counted up to `most`."""
        size = _batch(self._functions[queue])
        return -(-self._deliveries.waiting(queue, most=most * size) // size)

    def drain(
        self,
        queue: str,
        *,
        stopping: Callable[[], bool],
        leased: Callable[[], None] = lambda: None,
    ) -> int:
        """See `Consuming`. Each settlement leases the next batch in the same commit."""
        most, started = _batch(self._functions[queue]), self._clock.tick()
        try:
            deliveries = [] if stopping() else self._deliveries.receive(queue, most=most)
        finally:
            leased()

        def further() -> int:
            used = timedelta(microseconds=(self._clock.tick() - started) / 1000)
            return 0 if used >= SLICE or stopping() else most

        number = 0
        while deliveries:
            number += len(deliveries)
            deliveries = self._hand_over(queue, deliveries, further=further)
        return number

    def _hand_over(
        self, queue: str, deliveries: Sequence[Delivery], *, further: Callable[[], int]
    ) -> list[Delivery]:
        """Run the consumer and settle.

        `further` then returns the number of deliveries to lease next.
        """
        function, started = self._functions[queue], self._clock.tick()
        outcome = self._invoke(function, tuple(deliveries))
        ends: dict[str, Failure | Parked] = {
            failure.receipt: failure for failure in outcome.failures
        }
        ends |= {parked.receipt: parked for parked in outcome.parked}
        begun = [delivery for delivery in deliveries if delivery.receipt not in outcome.left]
        if self._redeliver:
            again = tuple(_again(delivery) for delivery in begun if delivery.receipt not in ends)
            ends |= (
                {failure.receipt: failure for failure in self._invoke(function, again).failures}
                if again
                else {}
            )
        took = timedelta(microseconds=(self._clock.tick() - started) / 1000)
        each = took / len(begun) if begun else took  # none has an end if the platform ends
        return self._settle(
            queue, function, begun, ends, left=outcome.left, each=each, further=further()
        )

    def _invoke(self, function: FunctionModel, deliveries: tuple[Delivery, ...]) -> BatchOutcome:
        invocation = identifiers.new(self._clock.now(), self._entropy.bits)
        outcome = self._invoker.batch(function.name, deliveries, id=invocation)
        spans = labelled(outcome.spans, self.version)
        self._traces.record(spans)
        return outcome

    def _settle(
        self,
        queue: str,
        function: FunctionModel,
        deliveries: Sequence[Delivery],
        ends: dict[str, Failure | Parked],
        *,
        left: Sequence[str],
        each: timedelta,
        further: int,
    ) -> list[Delivery]:
        retry: list[Retry] = []
        reports: list[DeliveryReport] = []
        attempts = self._attempts[queue]
        for delivery in deliveries:
            end, failure, wait, fault = ends.get(delivery.receipt), None, None, None
            if isinstance(end, Failure):
                failure, chance = end, self._entropy.chance()
                after = retries.backoff(delivery.attempt, chance=chance, least=end.after)
                waits = end.after > 0  # for the effect of another delivery
                text = f"{end.error}\n\n{end.traceback}"
                retry.append(Retry(delivery.receipt, after, text, counts=not waits))
                is_last = retries.exhausted(delivery.attempt, attempts=attempts)
                wait = None if is_last and not waits else after
            elif end is not None:
                fault = end.fault
            alarm = fault is not None and self._alarms.rings(function.name, delivery.message)
            reports.append(
                DeliveryReport(
                    function.name,
                    delivery,
                    attempts,
                    failure,
                    wait,
                    each,
                    fault,
                    alarm,
                    self.version,
                )
            )
        done = [delivery.receipt for delivery in deliveries if delivery.receipt not in ends]
        parked = [end for end in ends.values() if isinstance(end, Parked)]
        following = self._deliveries.settle(
            queue, acknowledged=done, failed=retry, parked=parked, left=left, most=further
        )
        for report in reports:
            with suppress(Exception):  # who reads the log cannot undo what is settled
                self._report(report)
        return following


class Dispatcher:
    """Runs consumers in threads: a thread that looks for messages, and a pool that delivers them.

    `relay` empties the outbox, `ready` returns the queues with visible messages, `due` the time at
    which the next message becomes visible. `version` changes with every commit of any process.
    """

    def __init__(
        self,
        consumers: Consuming,
        *,
        relay: Callable[[], int],
        ready: Callable[[], Iterable[str]],
        due: Callable[[], float | None],
        version: Callable[[], int],
        clock: Clock,
        threads: int,
        failed: Callable[[Exception], None],
    ) -> None:
        self._consumers = consumers
        self._relay = relay
        self._ready = ready
        self._due = due
        self._version = version
        self._clock = clock
        self._failed = failed
        self._shares = Shares(threads)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="consumer")
        self._thread = threading.Thread(target=self._run, name="dispatcher")
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._pauses: dict[str, _Pause] = {}

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def use(self, consumers: Consuming) -> None:
        """Deliver to these consumers from the next batch on."""
        self._consumers = consumers
        self.wake()

    def wake(self) -> None:
        """Look for messages at once. Called from any thread; never blocks."""
        self._woken.set()

    def wind_down(self) -> None:
        """Begin no other deliveries. Never blocks; `stop` must follow."""
        self._stopping.set()
        self._woken.set()

    def stop(self) -> None:
        """Finish the running deliveries and begin no others.

        Undelivered messages stay on their queues.
        """
        self.wind_down()
        if self._thread.ident is not None:  # it was started
            self._thread.join()
        self._pool.shutdown(wait=True)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                # Both are read before the pass: a commit during the pass, or a message that becomes
                # visible, must cause another pass.
                before, due, began = self._version(), self._due(), time.monotonic()
                self._pass()
                self._wait(before, due, began)
            except Exception as error:
                self._failed(error)
                self._stopping.wait(self._paused("").total_seconds())
            else:
                self._resumed("")

    def _pass(self) -> None:
        # One step: its commit causes another pass, and under load the outbox is never empty.
        self._relay()
        needed: dict[str, int] = {}
        for queue in self._ready():
            if queue in self._consumers and not self._is_paused(queue):
                most = self._shares.countable(queue)
                needed[queue] = self._consumers.batches(queue, most=most) if most else 0
        for queue in self._shares.give(needed):
            self._pool.submit(self._deliver, queue)

    def _wait(self, before: int, due: float | None, began: float) -> None:
        """Wait for a commit here, a message that becomes visible, or a write of another process.

        Also for the end of a pause that had not ended when the pass `began`.
        """
        longest = _POLL.total_seconds()
        while not self._stopping.is_set():
            left = longest if due is None else due - self._clock.now().timestamp()
            if left <= 0 or self._woken.wait(min(left, longest)) or self._version() != before:
                return
            with self._lock:
                ends = [pause.until for pause in self._pauses.values() if pause.until > began]
            if ends and min(ends) <= time.monotonic():
                return

    def _deliver(self, queue: str) -> None:
        try:
            consumers = self._consumers
            consumers.drain(
                queue,
                # Other consumers begin with their own batches.
                stopping=lambda: self._stopping.is_set() or self._consumers is not consumers,
                leased=lambda: self._shares.leased(queue),
            )
        except Exception as error:
            self._failed(error)
            self._paused(queue)
        else:
            self._resumed(queue)
        finally:
            self._shares.give_back(queue)
            self._woken.set()

    def _paused(self, name: str) -> timedelta:
        """Pause what has failed, each time for longer. Return the length of the pause."""
        with self._lock:
            last = self._pauses.get(name)
            length = _POLL if last is None else min(2 * last.length, _LONGEST_PAUSE)
            self._pauses[name] = _Pause(time.monotonic() + length.total_seconds(), length)
        return length

    def _resumed(self, name: str) -> None:
        with self._lock:
            self._pauses.pop(name, None)

    def _is_paused(self, queue: str) -> bool:
        with self._lock:
            pause = self._pauses.get(queue)
            return pause is not None and time.monotonic() < pause.until


def _batch(function: FunctionModel) -> int:
    return function.trigger.batch if isinstance(function.trigger, Consumed) else 1


def _again(delivery: Delivery) -> Delivery:
    return Delivery(
        message=delivery.message, receipt=delivery.receipt, attempt=delivery.attempt + 1
    )
