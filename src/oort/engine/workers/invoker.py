"""The invoker on worker processes: a pool for each service, and the parent that forks for all.

The event loop assigns invocations and reads what workers ask.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import msgspec
from msgspec.structs import replace

from oort.engine.invoking.broker import EngineBroker
from oort.engine.invoking.cutoff import Cutoff
from oort.engine.workers import losses, wire
from oort.engine.workers.control import Control, Reader
from oort.engine.workers.performing import Performing
from oort.engine.workers.places import Places
from oort.engine.workers.pools import Pool
from oort.engine.workers.preparing import Preparations, is_invoked
from oort.engine.workers.processes import Claims, Job, Loss, Process
from oort.engine.workers.wire import (
    Answered,
    Ended,
    Handled,
    Returned,
    RunBatch,
    RunCall,
    RunRequest,
)
from oort.model import limits
from oort.model.errors import OortError
from oort.model.functions import Answer, FunctionModel
from oort.model.invocations import (
    BatchInvocation,
    BatchOutcome,
    CallInvocation,
    CallOutcome,
    HttpInvocation,
    HttpOutcome,
)
from oort.model.messages import Delivery
from oort.model.operations import CallFunction
from oort.model.platform import PlatformModel
from oort.ports.clock import Clock
from oort.ports.entropy import Entropy
from oort.rules import identifiers, triggers

_GROW = 0.01  # seconds between two looks at invocations that wait
_LOOK = 0.25  # seconds between two looks at time-outs
_CLOSING = 1.0  # seconds for the environments to close
_LATE = 0.002  # seconds; a loop that is later than this has too much to do already
_ENDING = Loss("The platform is ending.", is_ending=True)


# Made for each request: a Struct costs a tenth of a frozen dataclass.
class Asked(msgspec.Struct, frozen=True):
    """A request that waits for a worker, or runs."""

    _pool: Pool
    _job: Job

    def cancel(self) -> bool:
        """Leave the request undone. False after its beginning."""
        return self._pool.cancel(self._job)


@dataclass(frozen=True, slots=True)
class Workers:
    """The connection to the parent of the workers, see `parent.fork`. `line` receives their log lines.

    `most` is the largest number of processes, of all versions together.
    """

    parent: socket.socket
    line: Callable[[str], None]
    most: int = limits.WORKERS


class WorkerInvoker:
    """Runs the functions of a version in worker processes. Versions of a platform share `places`.

    `failed` receives errors of the engine, and what happens to workers. The event loop that calls
    `begin` serves them.
    """

    def __init__(
        self,
        platform: PlatformModel,
        workers: Workers,
        *,
        broker: EngineBroker,
        clock: Clock,
        entropy: Entropy,
        failed: Callable[[Exception], None],
        places: Places | None = None,
    ) -> None:
        self._functions: Mapping[str, FunctionModel] = {
            function.name: function for function in platform.functions
        }
        services = sorted({function.service for function in platform.functions})
        self._broker = broker
        self._clock = clock
        self._entropy = entropy
        self._line = workers.line
        self._failed = failed
        self.places = places or Places(workers.most)
        self.places.join(self)
        self._parent = workers.parent
        self._reader = Reader(workers.parent)
        self._is_begun = False
        self._begun: Future[asyncio.AbstractEventLoop] = Future()
        # All of them now: threads of deliveries ask for them while the event loop looks at each.
        self._pools = {service: self._made(service) for service in services}
        self._processes: dict[int, Process] = {}
        self._owners: dict[int, Pool] = {}
        self._number = 0
        self._growing: asyncio.TimerHandle | None = None
        self._due = 0.0  # the loop's time of the next look
        self._looking: asyncio.TimerHandle | None = None
        self._performing = Performing(broker, calls=self.places.most, failed=failed)
        self._is_closing = self._is_winding_down = False
        self.failure: Exception | None = None
        self.was_cut = False  # true if an invocation was ended for the end of the platform

    def begin(self) -> None:
        """Serve the workers by the running event loop. A second call has no effect."""
        if self._is_begun:
            return
        self._is_begun = True
        loop = asyncio.get_running_loop()
        self._parent.settimeout(0)
        loop.add_reader(self._parent.fileno(), self._hear)
        self._looking = loop.call_later(_LOOK, self._look)
        self._begun.set_result(loop)
        for pool in self._pools.values():
            pool.prepare()

    # -- invocations

    def ask(
        self,
        name: str,
        invocation: HttpInvocation,
        *,
        cutoff: Cutoff,
        then: Callable[[HttpOutcome], None],
    ) -> Asked:
        """Run a function for a request. Called by the event loop, which calls `then` at the end.

        `cutoff` can revoke the rights of the invocation; its process is killed some time later.
        """
        if not self._is_begun:
            self.begin()
        pool, token = self._pool(name), self._broker.open(name)
        cutoff.begin(lambda: self._broker.close(token))
        run = RunRequest(name, replace(invocation, token=token))

        def done(end: Ended | Loss) -> None:
            self._broker.close(token)
            if isinstance(end, Answered):
                then(end.outcome)
                return
            assert isinstance(end, Loss)
            then(
                losses.request(
                    end,
                    function=self._functions[name],
                    invocation=run.invocation,
                    clock=self._clock,
                    entropy=self._entropy,
                )
            )

        job = self._job(name, token, wire.framed(run), Answered, done)
        self._queue(pool, job)
        return Asked(pool, job)

    def request(
        self, name: str, invocation: HttpInvocation, *, cutoff: Cutoff | None = None
    ) -> HttpOutcome:
        """Run a function for a request, from another thread than that of the event loop."""
        outcome: Future[HttpOutcome] = Future()
        self._loop.call_soon_threadsafe(
            partial(self.ask, name, invocation, cutoff=cutoff or Cutoff(), then=outcome.set_result)
        )
        return outcome.result()

    def batch(self, name: str, deliveries: tuple[Delivery, ...], *, id: str) -> BatchOutcome:
        """Run a function for a batch of deliveries, from a thread of its own."""
        model = self._functions[name]
        messages = frozenset(delivery.message.id for delivery in deliveries)
        token = self._broker.open(name, messages=messages)
        lasts = triggers.lasts(model).total_seconds()
        invocation = BatchInvocation(id=id, token=token, deliveries=deliveries, lasts=lasts)
        frame = wire.framed(RunBatch(name, invocation))
        receipts = tuple(delivery.receipt for delivery in deliveries)
        end, job = self._run(name, token, frame, Handled, receipts=receipts)
        if isinstance(end, Loss):
            self._broker.abandon(token)
        self._broker.close(token)
        return losses.batch(
            end if isinstance(end, Loss) else None,
            job,
            spans=end.spans if isinstance(end, Handled) else (),
            function=model,
            invocation=invocation,
            clock=self._clock,
            entropy=self._entropy,
        )

    def call(self, name: str, operation: CallFunction) -> CallOutcome:
        """Run the function that answers the call, from a thread of its own."""
        token = self._broker.open(name)
        invocation = CallInvocation(
            id=identifiers.new(self._clock.now(), self._entropy.bits),
            token=token,
            traceparent=operation.traceparent,
            body=operation.body,
        )
        frame = wire.framed(RunCall(name, invocation))
        model = self._functions[name]
        assert isinstance(model.trigger, Answer), model
        limit = min(model.timeout, model.trigger.timeout).total_seconds()
        end, _ = self._run(name, token, frame, Returned, at_once=True, limit=limit)
        self._broker.close(token)
        if isinstance(end, Returned):
            return end.outcome
        assert isinstance(end, Loss)
        return losses.call(
            end,
            operation,
            function=model,
            clock=self._clock,
            entropy=self._entropy,
        )

    def close(self) -> None:
        """End every process. Call it when no invocation runs, while the event loop still runs."""
        if not self._is_begun:
            self._parent.close()
            return
        closed: Future[None] = Future()
        self._loop.call_soon_threadsafe(self._close, closed)
        closed.result()
        self._performing.close()

    def wind_down(self) -> None:
        """See `Invoker`. Called from any thread."""
        self._is_winding_down = True  # first: a batch may be left from now on
        if self._is_begun:
            self._loop.call_soon_threadsafe(self._tell, Control("end", 0))

    def cut(self) -> None:
        """Kill the processes of all running invocations. Called by the event loop."""
        for process in tuple(self._processes.values()):
            if process.job is not None:
                self.was_cut |= is_invoked(process)
                process.end(_ENDING)

    # -- inside

    @property
    def _loop(self) -> asyncio.AbstractEventLoop:
        return self._begun.result()

    def _job(
        self,
        name: str,
        token: str,
        frame: bytes,
        ends: type[Ended],
        done: Callable[[Ended | Loss], None],
        *,
        receipts: tuple[str, ...] = (),
    ) -> Job:
        timeout = self._functions[name].timeout
        return Job(name, token, frame, ends, timeout, done, receipts)

    def _run(
        self,
        name: str,
        token: str,
        frame: bytes,
        ends: type[Ended],
        *,
        receipts: tuple[str, ...] = (),
        at_once: bool = False,
        limit: float | None = None,
    ) -> tuple[Ended | Loss, Job]:
        """Run an invocation and wait for its end, or for `limit` seconds."""
        end: Future[Ended | Loss] = Future()
        job = self._job(name, token, frame, ends, end.set_result, receipts=receipts)
        pool = self._pool(name)
        try:
            self._loop.call_soon_threadsafe(partial(self._queue, pool, job, at_once=at_once))
            return end.result(limit), job
        except FutureTimeout:
            return Loss(f"{name} was not done after {limit:g} s.", timed_out=True), job

    def _queue(self, pool: Pool, job: Job, *, at_once: bool = False) -> None:
        if self._is_closing or self.failure is not None:
            job.done(_ENDING)
        elif not pool.run(job, at_once=at_once):
            job.done(Loss(f"{job.function} was not begun: {self.places.most} processes are busy."))
        elif self._growing is None:
            self._watch()

    def _pool(self, name: str) -> Pool:
        return self._pools[self._functions[name].service]

    def _made(self, service: str) -> Pool:
        functions = (each for each in self._functions.values() if each.service == service)
        return Pool(
            start=partial(self._start, service),
            memory=limits.WORKER_MEMORY,
            commit=lambda: self._broker.store.commit_seconds,
            report=lambda what: self._report(f"{service}: {what}"),
            preparations=Preparations(functions, broker=self._broker, report=self._report),
            start_spare=partial(self._start, service, is_spare=True),
        )

    def _start(self, service: str, *, is_spare: bool = False) -> Process | None:
        if self.failure is not None or self._is_closing:
            return None
        if not self.places.is_free(is_first=self._pools[service].is_empty, is_spare=is_spare):
            return None
        self._number += 1
        ours, theirs = socket.socketpair()
        ours.settimeout(0)
        pool, claims = self._pools[service], Claims()
        process = Process(
            self._number,
            claims,
            perform=self._performing.perform,
            free=pool.free,
            follow=pool.follow,
            again=partial(self._run_again, pool),
            line=self._line,
            report=self._report,
            kill=self._kill,
            is_ending=lambda: self._is_winding_down,
        )
        self._processes[process.number] = process
        self._owners[process.number] = pool
        message = Control("start", process.number, 2 * limits.WORKER_MEMORY)
        self._tell(message, (theirs, os.dup(claims.reading)))
        self._loop.create_task(self._connected(process, ours))
        return process

    def _kill(self, process: Process) -> None:
        self._owners[process.number].leave(process)
        self._tell(Control("kill", process.number))

    async def _connected(self, process: Process, ours: socket.socket) -> None:
        await self._loop.connect_accepted_socket(lambda: process, ours)

    def count(self) -> int:
        """See `Places`."""
        return len(self._processes)

    def is_busy(self) -> bool:
        """True while an invocation runs or waits."""
        is_running = any(map(is_invoked, self._processes.values()))
        return is_running or any(pool.is_waited_for for pool in self._pools.values())

    def without(self) -> int:
        """See `Places`."""
        return sum(pool.is_empty for pool in self._pools.values())

    def spare_since(self) -> float | None:
        """See `Places`."""
        return min((since for since, _ in self._spare()), default=None)

    def retire(self) -> bool:
        """See `Places`."""
        spare = self._spare()
        return bool(spare) and min(spare, key=lambda pair: pair[0])[1].retire()

    def _spare(self) -> list[tuple[float, Pool]]:
        pools = [(pool.spare_since(), pool) for pool in self._pools.values()]
        return [(since, pool) for since, pool in pools if since is not None]

    def _report(self, what: str) -> None:
        self._failed(OortError(what))

    def _run_again(self, pool: Pool, job: Job) -> None:
        if self._is_closing:
            job.done(_ENDING)
        else:
            pool.again(job)

    def _tell(self, message: Control, passed: tuple[socket.socket, int] | None = None) -> None:
        """Send a message to the parent; try again later if the parent is slow."""
        try:
            if passed is None:
                self._parent.sendall(message.packed())
            else:
                descriptors = [passed[0].fileno(), passed[1]]
                socket.send_fds(self._parent, [message.packed()], descriptors)
        except BlockingIOError:
            self._loop.call_later(_GROW, self._tell, message, passed)
            return
        except OSError:  # the parent has ended, which `_hear` notices
            pass
        if passed is not None:
            passed[0].close()
            os.close(passed[1])

    def _hear(self) -> None:
        """Read the messages of the parent."""
        with suppress(BlockingIOError):
            received = self._reader.receive()
            if received is None:
                self._lose_parent()
                return
            for message in received[0]:
                if message.word == "gone":
                    self._gone(message.worker, message.value)

    def _gone(self, number: int, status: int) -> None:
        process = self._processes.pop(number, None)
        if process is not None:
            process.gone(status)
            self._owners.pop(number).gone(process)

    def _lose_parent(self) -> None:
        """Note the end of the parent, and so of every worker."""
        self._loop.remove_reader(self._parent.fileno())
        if not self._is_closing:
            self.failure = OortError(
                "The parent of the worker processes has ended.", "Start the platform again."
            )
        for pool in self._pools.values():
            for job in pool.close():
                job.done(_ENDING)
        for number in tuple(self._processes):
            self._gone(number, 9)

    def _grow(self) -> None:
        now = self._loop.time()
        idle = now < self._due + _LATE
        waiting = [pool.grow(idle=idle, now=now) for pool in self._pools.values()]
        self._growing = None
        if any(waiting):
            self._watch()

    def _watch(self) -> None:
        self._due = self._loop.time() + _GROW
        self._growing = self._loop.call_later(_GROW, self._grow)

    def _look(self) -> None:
        now = self._loop.time()
        for pool in self._pools.values():
            pool.look(now)
        self._looking = self._loop.call_later(_LOOK, self._look)

    def _close(self, closed: "Future[None]") -> None:
        self._is_closing = True
        self.places.leave(self)
        for pool in self._pools.values():
            for job in pool.close():
                job.done(_ENDING)
        for timer in (self._looking, self._growing):
            if timer is not None:
                timer.cancel()
        self.cut()
        self._await_end(closed, rounds=2 * round(_CLOSING / _GROW))

    def _await_end(self, closed: "Future[None]", *, rounds: int) -> None:
        """Give environments a second to close, then kill the rest. The wait is bounded."""
        if self._processes and rounds:
            if rounds == round(_CLOSING / _GROW):
                for process in tuple(self._processes.values()):
                    process.end(_ENDING)
            self._loop.call_later(_GROW, partial(self._await_end, closed, rounds=rounds - 1))
            return
        self._loop.remove_reader(self._parent.fileno())
        self._parent.close()
        closed.set_result(None)
