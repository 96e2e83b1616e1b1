"""A worker that pays through a provider outside, as a process that kills itself at a given moment of the delivery.

Usage: python -m tests.crash.paying DATABASE LEDGER MOMENT. The ledger is the provider's: a line for each charge that it got.
"""

import os
import signal
import sys
import threading
from datetime import timedelta
from pathlib import Path

from oort import Can, Once, Queue, Service
from oort.app.loading.loader import load
from oort.engine.engine import Engine
from oort.engine.entropy import SystemEntropy
from oort.engine.store.group import GroupCommitStore
from oort.model.invocations import DeliveryReport
from oort.model.messages import Message
from oort.runtime.system import SystemClock
from oort.testing.callers import KnownCallers

DURING, AFTER, NEVER = (
    "during",
    "after",
    "never",
)  # while the effect runs, when its result is kept, not at all

bank = Service("bank")


class Provider:
    """Writes every charge into its ledger, whether it knows the key or not."""

    def __init__(self, ledger: Path, moment: str) -> None:
        self._ledger = ledger
        self._moment = moment

    def charge(self, key: str) -> str:
        with self._ledger.open("a", encoding="utf-8") as file:
            file.write(f"{key}\n")
        self.reached(DURING)
        return f"receipt {len(self._ledger.read_text(encoding='utf-8').split())}"

    def reached(self, moment: str) -> None:
        if moment == self._moment:
            os.kill(os.getpid(), signal.SIGKILL)


@bank.provide
def provider() -> Provider:
    return Provider(Path(sys.argv[2]), sys.argv[3])


@bank.queue("payments", attempts=2)
class Payments(Queue[str, Can]): ...


@bank.worker(Payments)
def pay(order: str, provider: Provider, once: Once) -> None:
    receipt = once("charge", provider.charge, returns=str, lease=timedelta(hours=12))
    provider.reached(AFTER)
    print(receipt)  # noqa: T201  for the test that started this


def main() -> None:
    """Deliver the one payment there is; a new database gets it first."""
    path, over, failures = Path(sys.argv[1]), threading.Event(), list[object]()

    def report(delivered: DeliveryReport) -> None:
        failures.append(delivered.failure)
        over.set()

    new, store = not path.exists(), GroupCommitStore(path)
    engine = Engine(
        load([bank]),
        store=store,
        clock=SystemClock(),
        entropy=SystemEntropy(),
        identity=KnownCallers(),
        report=report,
    )
    if new:
        engine.ports.queues.send(
            "bank.payments", Message(id="m1", name="bank.payments", body=b'"order"')
        )
    engine.start()
    assert over.wait(30)
    engine.stop()
    store.close()
    assert failures == [None]


if __name__ == "__main__":
    main()
