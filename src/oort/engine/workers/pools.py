"""The worker processes of a service: their number, and their invocations."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from math import ceil

from oort.engine.workers.processes import Job, Loss, Process

# Seconds after which an idle process ends: a further process of the service, and its last.
_SPARE, _LAST = 30.0, 300.0
_SHORT = 0.005  # seconds of an invocation behind which another may wait
_LONG = 0.05  # seconds; an invocation that lasts longer does not use the cores all the time
_PATIENT = 1.0  # seconds that invocations without a place wait for a preparation
_LATE = 0.5  # the same, if the broker itself has to wait for a core
_STUCK = 0.02  # seconds after which that other invocation is taken back
_WEIGHT = 0.1  # of the latest invocation in what an invocation uses on average
_CORES = os.cpu_count() or 1
_LEAST = 1e-6  # seconds of CPU that every invocation takes
_FEW, _MANY = 2 * _CORES, 1_000


class Pool:
    """The processes of a service. All methods are called by the event loop.

    `start` starts a process and returns it, or returns None if there are too many. `commit` is the time that a
    commit takes. `memory` is the
    number of bytes above which a process ends after its invocation, which `report` receives as a sentence.
    `preparations` are the jobs that prepare a process, none for a service that is not `latency_sensitive`.
    `start_spare` starts the process, unless there are too many.
    """

    def __init__(
        self,
        *,
        start: Callable[[], Process | None],
        memory: int,
        commit: Callable[[], float] = lambda: 0.0,
        preparations: Iterable[Job] = (),
        start_spare: Callable[[], Process | None] = lambda: None,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._start = start
        self._commit = commit
        self._preparations = preparations
        self._start_spare = start_spare
        self._preparing: dict[Process, Iterator[Job]] = {}
        self._breaks = (
            False  # true if a process ended while it was prepared, until another was used
        )
        self._report = report
        self._memory = memory
        self._processes: set[Process] = set()
        self._idle: list[Process] = []
        self._hanging: set[Process] = set()  # of the last look
        self._waiting: deque[Job] = deque()
        # Seconds of the last invocations, the latest with most weight: of CPU, and of waiting.
        self._cpu = self._waited = 0.0
        self._useful = _MANY

    def run(self, job: Job, *, at_once: bool = False) -> bool:
        """Run the invocation in a free process, else as soon as a process is free.

        `at_once` is for a call, whose caller keeps a process busy: it gets a new process, or the
        result is False.
        """
        if self._idle and (at_once or self._busy < self._useful):
            self._idle.pop().begin(job)
            self.prepare()
            return True
        if (at_once or not self._processes) and self._started(job):
            self.prepare()
            return True
        if at_once and not self._preparing:
            return False
        # A process that is prepared is free soon.
        self._waiting.append(job)
        return True

    def prepare(self) -> None:
        """Prepare a process for the next invocation, if the service is sensitive to latency.

        One at a time, and not while another is free.
        """
        if (
            not self._preparations
            or self._idle
            or self._preparing
            or self._breaks
            or not self._has_room()
        ):
            return
        process = self._start_spare()
        if process is not None:
            self._processes.add(process)
            self._preparing[process] = iter(self._preparations)
            self._go_on(process)

    def _go_on(self, process: Process) -> None:
        """Go on with the preparation of a process, unless an invocation waits for the process."""
        job = None if self._waiting else next(self._preparing[process], None)
        if job is not None:
            process.begin(job)
            return
        del self._preparing[process]
        if self._waiting and self._has_room():
            process.begin(self._waiting.popleft())
        else:
            self._idle.append(process)

    def cancel(self, job: Job) -> bool:
        """Take back a waiting invocation; False after its beginning."""
        if job in self._waiting:
            self._waiting.remove(job)
            return True
        ahead = (process for process in self._processes if process.following is job)
        return any(process.take_back() is job for process in ahead)

    def follow(self, process: Process) -> Job | None:
        """Return an invocation to send ahead to the process, while another invocation runs.

        None if there is none, or if the other may take long.
        """
        if not self._waiting or self._cpu + self._waited >= _SHORT:
            return None
        if self._worn(process) or process in self._preparing:
            return None
        return self._waiting.popleft()

    def _worn(self, process: Process) -> str:
        """Return the reason to end the process; empty without a reason."""
        use = process.use
        if use.memory > self._memory:
            return f"has taken {use.memory >> 20} MiB, more than {self._memory >> 20} MiB"
        return "has left hundreds of files open" if use.is_worn else ""

    def again(self, job: Job) -> None:
        """Run an invocation that was sent ahead in vain, before all others."""
        self._waiting.appendleft(job)
        self._use_idle()
        self._replace()

    def free(self, process: Process) -> None:
        """Note the end of an invocation, and give the process its next, unless that was sent ahead."""
        use = process.use
        self._hanging.discard(process)
        if process in self._preparing:
            self._go_on(process)
            return
        self._breaks = False
        self._cpu += _WEIGHT * (use.cpu - self._cpu)
        # A write waits for the commit before and its own. The rest of its time is a wait for the cores,
        # and more processes would make that longer.
        written = process.written and min(process.written, 2 * self._commit())
        waited = use.elsewhere + process.waited + written
        self._waited += _WEIGHT * (waited - self._waited)
        # Processes that keep all cores busy, or that some short waits need.
        self._useful = max(_FEW, ceil(_CORES * (1 + self._waited / max(self._cpu, _LEAST))))
        if process.job is not None:
            return
        if (use.memory > self._memory or use.is_worn) and (reason := self._worn(process)):
            self._report(f"A worker process {reason}. It ends; the next invocation gets a new one.")
            self._processes.discard(process)
            process.retire()
            self._replace()
            self.prepare()
        elif self._waiting and self._has_room():
            process.begin(self._waiting.popleft())
        else:
            self._idle.append(process)

    def leave(self, process: Process) -> None:
        """Give no further invocation to a process, which is about to be killed."""
        if process in self._idle:
            self._idle.remove(process)

    def gone(self, process: Process) -> None:
        """Forget a process that has ended."""
        self._processes.discard(process)
        self._hanging.discard(process)
        self._breaks |= self._preparing.pop(process, None) is not None
        self.leave(process)
        self._replace()
        self.prepare()

    def grow(self, *, idle: bool, now: float) -> bool:
        """Use more processes if invocations wait; else return False. Called every 10 ms.

        An invocation that was sent ahead is taken back if the other does not end soon.

        A further process helps only if the broker is partly `idle`, and if the busy processes wait so
        much that they leave cores idle: else it takes time from the others. Processes that have run an
        invocation for long do not count: they may hang. If no other is left, there are more in any case.
        """
        late = _LONG if idle else _LATE
        self._hanging = {
            process
            for process in self._processes
            if process.job is not None
            and now - process.since >= late
            and process not in self._preparing
        }
        ahead = self._take_back(now)
        if not self._waiting:
            return ahead
        quick = self._busy
        if not quick or (idle and quick < self._useful):
            for _ in range(min(len(self._waiting), max(1, quick))):
                if not self._used_or_started():
                    self._end_preparations(now)
                    break
        return True

    def _end_preparations(self, now: float) -> None:
        """Take the places of preparations that take long, for invocations that wait."""
        for process in tuple(self._preparing):
            if now - process.since >= _PATIENT:
                process.end(Loss("An invocation needed its place."))

    def look(self, now: float) -> None:
        """End invocations that have used their time, and processes that have been idle for long."""
        for process in tuple(self._processes):
            process.look(now)
        while self._idle:
            limit = _SPARE if len(self._idle) > 1 else _LAST
            is_kept = len(self._idle) == 1 and bool(self._preparations)
            if is_kept or now - self._idle[0].since < limit:
                break
            self.retire()

    def retire(self) -> bool:
        """End the process that has been idle the longest; False if none is idle."""
        if not self._idle:
            return False
        process = self._idle.pop(0)
        self._processes.discard(process)
        process.retire()
        return True

    @property
    def is_empty(self) -> bool:
        """True without a process."""
        return not self._processes

    def spare_since(self) -> float | None:
        """Return the loop's time since when a process has been idle that is not the last one."""
        return self._idle[0].since if self._idle and len(self._processes) > 1 else None

    @property
    def is_waited_for(self) -> bool:
        """True if an invocation waits for a process."""
        return bool(self._waiting)

    def close(self) -> list[Job]:
        """End the idle processes, and return the invocations that still waited."""
        while self.retire():
            pass
        waiting = list(self._waiting)
        self._waiting.clear()
        return waiting

    def _take_back(self, now: float) -> bool:
        """Take back invocations that wait in vain. True if others still wait ahead."""
        ahead = [process for process in self._processes if process.following is not None]
        for process in ahead:
            if now - process.since > _STUCK and (job := process.take_back()) is not None:
                self._waiting.appendleft(job)
        self._use_idle()
        return bool(ahead)

    def _use_idle(self) -> None:
        while self._idle and self._waiting and self._has_room():
            self._idle.pop().begin(self._waiting.popleft())

    @property
    def _busy(self) -> int:
        """The number of processes that run an invocation, and do not hang."""
        other = len(self._idle) + len(self._hanging) + len(self._preparing)
        return len(self._processes) - other

    def _has_room(self) -> bool:
        """True if another process may be busy now."""
        return self._busy < self._useful

    def _used_or_started(self) -> bool:
        """Begin the next invocation in an idle or a new process; False if there are too many."""
        if self._idle:
            self._idle.pop().begin(self._waiting.popleft())
            return True
        if not self._started(self._waiting[0]):
            return False
        self._waiting.popleft()
        return True

    def _replace(self) -> None:
        if self._waiting and not self._processes and self._started(self._waiting[0]):
            self._waiting.popleft()

    def _started(self, job: Job) -> bool:
        process = self._start()
        if process is None:
            return False
        self._processes.add(process)
        process.begin(job)
        return True
