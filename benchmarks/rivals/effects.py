"""What the handlers of the queues do: wait, then tell the benchmark. As `work` in subject_queue/jobs.py."""

import os
import socket
import time

_told: list[socket.socket] = []


def effect(number: int, at: int, ms: int) -> None:
    """Wait so many milliseconds, then send a datagram."""
    if ms:
        time.sleep(ms / 1000)
    if not _told:  # the first time in this process
        opened = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        opened.connect(os.environ["BENCH_EFFECTS"])
        _told.append(opened)
    _told[0].send(b"%d %d %d" % (number, at, time.monotonic_ns()))
