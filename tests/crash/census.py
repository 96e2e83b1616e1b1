"""The processes of a platform and their descriptors, as the kernel counts them. For Linux."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_WORKER, _PARENT = "oort-worker", "oort-parent"
_DATABASE = (".db", ".db-wal", ".db-shm")
_EACH = 3  # descriptors of the broker for a worker: a socket, and two ends of a pipe


@dataclass(frozen=True, slots=True)
class Census:
    """The worker processes of a platform, the others below it, and the descriptors of its broker."""

    workers: frozenset[int]
    others: tuple[str, ...]  # by name and state: the parent of the workers, and what should not be
    descriptors: int

    @property
    def steady(self) -> int:
        """The descriptors of the broker that do not belong to a worker."""
        return self.descriptors - _EACH * len(self.workers)


def taken(broker: int) -> Census:
    """Count the processes below this one, and its descriptors."""
    workers, others = set[int](), list[str]()
    for pid in _below(broker):
        name, state = _status(pid)
        if name == _WORKER and state != "Z":
            workers.add(pid)
        elif name:
            others.append(f"{name} {'defunct' if state == 'Z' else 'alive'}")
    return Census(frozenset(workers), tuple(others), _descriptors(broker))


PARENT_ONLY = (f"{_PARENT} alive",)


def send(pid: int, number: signal.Signals) -> bool:
    """Send a signal to a worker process. False if it is gone; never to another process of that number."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        if _status(pid)[0] != _WORKER:
            return False
        signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)
    return True


def _below(pid: int) -> Iterator[int]:
    """Yield the descendants of a process."""
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield int(child)
                yield from _below(int(child))


def _descriptors(pid: int) -> int:
    """Count the open descriptors, without those of the database: a connection is opened when a thread first needs it."""
    count = 0
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            count += not os.readlink(link).endswith(_DATABASE)
    return count


def _status(pid: int) -> tuple[str, str]:
    """Return the name and the state of a process; empty if it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return "", ""
    name, _, rest = text.partition("(")[2].rpartition(")")
    return name, rest.split()[0]
