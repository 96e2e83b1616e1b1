"""What is known outside the platform: what was acknowledged to clients, and what happened in the world.

It is written by clients and by the world, never from the engine's tables.
"""

from collections import Counter
from dataclasses import dataclass, field

from tests.crash.orders import FLAKY, POISON, Order


@dataclass(slots=True)
class Ledger:
    """One ledger for all processes of a simulation. `broken` are the laws that the world saw broken."""

    placed: set[str] = field(default_factory=set[str])  # acknowledged
    noted: set[str] = field(default_factory=set[str])  # acknowledged
    unreadable: set[str] = field(default_factory=set[str])  # acknowledged, of another version
    unsure: dict[str, str] = field(
        default_factory=dict[str, str]
    )  # orders without an answer, by id
    maybe: set[str] = field(default_factory=set[str])  # notes and unreadables without an answer
    replayed: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    mails: dict[str, list[str]] = field(default_factory=dict[str, list[str]])  # keys by order
    receipts: dict[str, str] = field(default_factory=dict[str, str])  # known to the consumer
    failed: Counter[str] = field(default_factory=Counter[str])
    healed: bool = False  # from now on nothing fails
    broken: list[str] = field(default_factory=list[str])

    def work(self, order: Order) -> None:
        """Fail for poison, and at the first attempt of a flaky order."""
        if self.healed or order.nature not in (FLAKY, POISON):
            return
        self.failed[order.id] += 1
        if order.nature == POISON or self.failed[order.id] == 1:
            raise ConnectionError(f"{order.id} is {order.nature}")

    def mail(self, id: str, key: str) -> str:
        """Send a mail. Nobody may ask for it who can know that it was sent."""
        if id in self.receipts:
            self.broken.append(f"the mail of {id} was sent again after its receipt was known")
        keys = self.mails.setdefault(id, [])
        keys.append(key)
        if len(set(keys)) > 1:
            self.broken.append(f"the mail of {id} was sent under two keys")
        return f"{id} {len(keys)}"

    def mailed(self, id: str, receipt: str) -> None:
        """Compare the receipt with the one that was known before."""
        if self.receipts.setdefault(id, receipt) != receipt:
            self.broken.append(f"the mail of {id} has two receipts")
