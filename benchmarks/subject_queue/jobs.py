"""The service of the claims queues, api and cloud-calls: a queue whose handler waits and tells that it ran, and a route with a constant.

rivals/queue_huey.py and rivals/queue_dbos.py do the same work.
"""

import os
import socket
import time
from typing import Annotated

import msgspec
from msgspec import Meta

from oort import Can, Context, Queue, Send, Service

jobs = Service("jobs")


class Job(msgspec.Struct):
    """Which message it is, when its sender began (monotonic, in nanoseconds), and how long its handler waits."""

    number: int
    at: int
    ms: Annotated[int, Meta(ge=0, le=1000)]


class Constant(msgspec.Struct):
    """What the route answers."""

    answer: int


@jobs.queue("waiting")
class Waiting(Queue[Job, Can]):
    """The jobs."""


@jobs.get("/ready", public=True)
def ready(ctx: Context) -> dict[str, str]:
    """Whether the platform answers."""
    return {"at": ctx.message_id}


@jobs.post("/", status=202, public=True, rate=10_000, burst=5_000)
def send(body: Job, waiting: Waiting[Send]) -> None:
    """Put the job on the queue, durably."""
    waiting.send(body)


@jobs.post("/constant", public=True, rate=10_000, burst=5_000)
def constant() -> Constant:
    """Return a constant."""
    return Constant(42)


_TELL = os.environ.get("BENCH_EFFECTS")  # not set where only the sending is measured
_told: list[socket.socket] = []


@jobs.worker(Waiting, batch=10)
def work(job: Job) -> None:
    """Wait, then tell the benchmark."""
    if job.ms:
        time.sleep(job.ms / 1000)
    if _TELL is None:
        return
    if not _told:  # the first time in this process
        _told.append(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        _told[0].connect(_TELL)
    _told[0].send(b"%d %d %d" % (job.number, job.at, time.monotonic_ns()))
