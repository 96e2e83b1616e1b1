"""The broker's end of a worker process, with the rules of the protocol."""

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

import msgspec

from oort.engine.workers import wire
from oort.engine.workers.wire import (
    Answered,
    Ended,
    Late,
    Line,
    Perform,
    Performed,
    Retire,
    Settled,
    Use,
)
from oort.model.errors import InvalidUse, NotGranted
from oort.model.operations import Refused, Request
from oort.runtime import replies

# Seconds beyond the time-out, in which a handler can end by itself.
GRACE = 1.0
_LONGEST = 5.0  # seconds between a kill and its effect
_LAST_WORDS = 0.5  # seconds in which the last frames of a process arrive after its end
# The lines that a worker may log at once, and in a second. Then the broker reads no more from it,
# until the second is over.
_LINES = 10_000


# Made for each invocation: a Struct costs a fifth of a dataclass.
class Job(msgspec.Struct, eq=False):
    """An invocation for a worker. `done` receives its end, or the reason why there is none.

    `receipts` are those of the deliveries; each delivery has its own time-out.
    """

    function: str
    token: str
    frame: bytes
    ends: type[Ended]
    timeout: timedelta
    done: "Callable[[Ended | Loss], None]"
    receipts: tuple[str, ...] = ()
    settled: list[Settled] = msgspec.field(default_factory=list[Settled])


@dataclass(frozen=True, slots=True)
class Loss:
    """An invocation without an end: its process is gone.

    `timed_out`: it was killed for that. `is_ending`: it was killed because the platform ends.
    """

    what: str
    timed_out: bool = False
    is_ending: bool = False


class Process(asyncio.Protocol):
    """A worker process.

    `again` runs an invocation that a process did not begin before its end. `perform` performs an
    operation and calls `returned` of the process with the frame to return, and with the number of the
    operation. `free` is called after each invocation, `follow` for a short invocation that may be sent
    ahead, `line` with lines for the log, `report` with events of the process, `kill` to end the process. A batch may
    leave all its deliveries only if the platform `is_ending`.
    """

    def __init__(
        self,
        number: int,
        claims: "Claims",
        *,
        perform: "Callable[[Request, Process, int], None]",
        free: "Callable[[Process], None]",
        follow: "Callable[[Process], Job | None]",
        again: "Callable[[Job], None]",
        line: Callable[[str], None],
        report: Callable[[str], None],
        kill: "Callable[[Process], None]",
        is_ending: Callable[[], bool] = lambda: False,
    ) -> None:
        self.number = number
        self.job: Job | None = None
        self.following: Job | None = None  # waits in the socket, until this job has ended
        self._claims = claims
        self.use = Use(0.0, 0.0, 0)  # of the last invocation
        # Seconds of the last invocation: for writes, and for other slow operations.
        self.written = self.waited = 0.0
        self._since_asked = 0.0  # the loop's time of the operation that it waits for
        self.since = 0.0  # the loop's time at which it became free, or began the job's step
        self.is_gone = False
        self._perform = perform
        self._free = free
        self._follow = follow
        self._again = again
        self._line = line
        self._report = report
        self._kill = kill
        self._is_ending = is_ending
        self._loop = asyncio.get_running_loop()
        self._frames: wire.Frames[wire.FromWorker] = wire.Frames(wire.FromWorker)
        self._transport: asyncio.Transport | None = None
        self._early: list[bytes] = []  # what was sent before the connection was made
        self._write: Callable[[bytes], None] = self._early.append
        self._ahead = 0  # invocations that were sent ahead so far
        self._asked = 0  # operations so far; a result belongs to the last
        self._is_performing = False
        self._is_unsent = False  # true if the job came after the end of the connection
        self._loss: Loss | None = None
        self._status = 0
        self._is_finished = False
        self._ended = 0.0  # the loop's time at which the process was killed
        self._lines, self._second = 0, 0.0

    # -- the pool's side

    def begin(self, job: Job) -> None:
        """Run the invocation."""
        self.job, self.since = job, self._loop.time()
        self._is_unsent = self._is_cut_off()
        if not self._is_unsent:
            self._write(job.frame)

    def take_back(self) -> Job | None:
        """Return the invocation that was sent ahead; None after its beginning."""
        job = self.following
        if job is None or not self._claims.take():
            return None
        self.following = None
        return job

    def retire(self) -> None:
        """Let the process close its environments and end."""
        if not self._is_cut_off():
            self._write(wire.framed(Retire()))

    def look(self, now: float) -> None:
        """End an invocation that has used its time: first its operation, then the process."""
        job = self.job
        if self._loss is not None and now - self._ended > _LONGEST:
            self.gone(int(signal.SIGKILL))  # the parent does not answer
        if job is None or self._loss is not None:
            return
        over = now - self.since - job.timeout.total_seconds()
        if over > GRACE:
            seconds = f"{job.timeout.total_seconds():g} s"
            self.end(Loss(f"{job.function} was not done after {seconds}.", timed_out=True))
            self._report(f"{job.function} did not end at its time-out; its process was killed.")
        elif over > 0 and self._is_performing:
            self.returned(self._asked, wire.framed(Late(job.timeout.total_seconds())))

    def end(self, loss: Loss) -> None:
        """Kill the process. Its invocation is lost for this reason."""
        if self._loss is None:
            self._loss, self._ended = loss, self._loop.time()
            self._kill(self)

    def gone(self, status: int) -> None:
        """Note that the process has ended with this status, see os.waitpid.

        Earlier frames are read first.
        """
        if self.is_gone:
            return
        self.is_gone, self._status = True, status
        if self._transport is None or self._transport.is_closing():
            self._finish()
        else:
            self._loop.call_later(_LAST_WORDS, self._finish)

    def _finish(self) -> None:
        if self._is_finished:
            return
        self._is_finished = True
        if self._transport is not None:
            self._transport.abort()
        following = self.take_back()
        self._claims.close()
        if self._is_unsent and self.job is not None:
            self._again(self.job)  # it did not begin
            self.job = None
        for job in (self.job, self.following):
            if job is not None:
                what = f"The worker process of {job.function} {_ended(self._status)}."
                job.done(self._loss or Loss(what))
        self.job = self.following = None
        if following is not None:
            self._again(following)

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast(asyncio.Transport, transport)
        if self.is_gone:
            self._transport.abort()
        self._write = self._transport.write
        for data in self._early:
            self._write(data)
        self._early.clear()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio's signature
        """See asyncio. A process that only closes its connection is ended, too."""
        if self.is_gone:
            self._finish()
        else:
            self._kill(self)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        if self._loss is not None:
            return
        try:
            for frame in self._frames.take(data):
                self._accept(frame)
        except ValueError as error:
            where = f" of {self.job.function}" if self.job is not None else ""
            what = f"The worker process{where} broke the protocol: {error}"
            self.end(Loss(what))
            self._report(f"{what} It was killed.")

    def _accept(self, frame: wire.FromWorker) -> None:
        """Obey a frame. ValueError if the protocol does not allow the frame now."""
        job = self.job
        if isinstance(frame, Line):
            self._log(frame)
        elif job is None:
            raise ValueError("It spoke without an invocation.")
        elif self._is_performing:
            raise ValueError("It did not wait for a result.")
        elif isinstance(frame, Perform):
            self._ask(frame, job)
        elif isinstance(frame, Settled):
            _check_receipt(frame, job)
            job.settled.append(frame)
            self.since = self._loop.time()
        elif isinstance(frame, job.ends):
            _check_end(frame, job, is_ending=self._is_ending())
            now = self._loop.time()
            self.use = frame.use
            self.job, self.following, self.since = self.following, None, now
            job.done(frame)
            self._free(self)
            self.written = self.waited = 0.0
        else:
            raise ValueError("It ended another kind of invocation.")

    def _ask(self, frame: Perform, job: Job) -> None:
        self._is_performing = True
        self._asked += 1
        number = self._asked
        if frame.token != job.token:
            refused = Refused(NotGranted.code, "The token is not that of the running invocation.")
            self.returned(number, wire.framed(Performed(refused)))
            return
        self._since_asked = self._loop.time()
        self._perform(Request(frame.token, frame.operation), self, number)

    def returned(self, number: int, data: bytes, *, is_write: bool = False) -> None:
        """Send the result of the operation. A late result is dropped."""
        if self.is_gone or self._loss is not None:
            return  # the process does not live: it must get no other invocation
        if self._is_performing and number == self._asked:
            self._is_performing = False
            if is_write:
                self.written += self._loop.time() - self._since_asked
            else:
                self.waited += self._loop.time() - self._since_asked
            # With the result goes the next invocation: to wake the process once more costs more.
            if self.following is None and (job := self._follow(self)) is not None:
                self._ahead += 1
                self._claims.give(self._ahead)
                self.following = job
                data += wire.framed(wire.Claim(self._ahead)) + job.frame
            if not self._is_cut_off():
                self._write(data)

    def _is_cut_off(self) -> bool:
        """True if the process has ended; it gets nothing more, and the parent will tell of its end."""
        return self._transport is not None and self._transport.is_closing()

    def _log(self, line: Line) -> None:
        now = self._loop.time()
        if now - self._second > 1:
            self._second, self._lines = now, 0
        self._lines += 1
        self._line(line.text)
        if self._lines == _LINES and self._transport is not None:
            self._transport.pause_reading()
            self._loop.call_later(1, self._listen)

    def _listen(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()


class Claims:
    """Rights to begin an invocation that was sent ahead: numbers in a pipe.

    Either the process takes the right, or the broker takes the right back. Without numbers, an
    invocation that was taken back, and is still in the socket, could run with the right of the next.
    """

    def __init__(self) -> None:
        self.reading, self._writing = os.pipe()
        os.set_blocking(self.reading, False)

    def give(self, number: int) -> None:
        """Allow the process to begin the invocation with this number."""
        os.write(self._writing, wire.RIGHT.pack(number))

    def take(self) -> bool:
        """Take the right back. False if the process has taken the right."""
        try:
            return bool(os.read(self.reading, wire.RIGHT.size))
        except BlockingIOError:
            return False

    def close(self) -> None:
        """Close the pipe."""
        os.close(self.reading)
        os.close(self._writing)


def _check_receipt(end: Settled, job: Job) -> None:
    place = len(job.settled)
    if place >= len(job.receipts):
        raise ValueError("It ended more deliveries than it had.")
    for part in (end.failure, end.parked):
        if part is not None and part.receipt != job.receipts[place]:
            raise ValueError("It ended another delivery.")


def _check_end(end: Ended, job: Job, *, is_ending: bool) -> None:
    if isinstance(end, Answered):
        try:
            replies.check(end.outcome)
        except InvalidUse as error:
            raise ValueError(str(error)) from error
    elif job.receipts and not job.settled and not is_ending:
        # It would get the same deliveries again and again, without an attempt.
        raise ValueError("It began no delivery.")


def _ended(status: int) -> str:
    """Return the end of a process in words.

    >>> _ended(11), _ended(3 << 8)
    ('was ended by SIGSEGV', 'ended with status 3')
    """
    if status < 0:
        return "could not be started"
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"ended with status {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
