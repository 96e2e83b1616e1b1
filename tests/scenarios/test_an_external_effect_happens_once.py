"""P15, outside the platform: a payment is made once as far as that is possible, by an idempotency key and a lease."""

import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from oort import Can, Context, Event, Once, Put, Queue, Send, Service, Table, event
from oort.testing import Platform, fake, stored
from tests.crash.paying import AFTER, DURING, NEVER
from tests.crash.processes import ROOT

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
LONG = timedelta(minutes=10)
SHORT = timedelta(seconds=5)  # a lease that ends while its handler still runs

billing = Service("billing")


@event("billing.ordered", version=1, key="order")
class Ordered(Event):
    order: str
    cents: int


class Receipt(msgspec.Struct):
    number: str
    cents: int


class Paid(msgspec.Struct):
    order: str
    receipt: Receipt
    key: str = ""


@billing.table("paid", key="order")
class PaidOrders(Table[str, Paid, Can]): ...


@billing.queue("mails", attempts=3)
class Mails(Queue[str, Can]): ...


@dataclass
class Provider:
    """A provider of payments that knows nothing of idempotency. `does` stands for what may happen meanwhile."""

    keys: list[str] = field(default_factory=list[str])
    does: Callable[[], object] = lambda: None

    def charge(self, cents: int, *, idempotency_key: str) -> Receipt:
        self.keys.append(idempotency_key)
        self.does()
        return Receipt(f"receipt {len(self.keys)}", cents)


@billing.provide
def provider() -> Provider:
    return Provider()


@billing.on(Ordered)
def charge(event: Ordered, provider: Provider, paid: PaidOrders[Put], once: Once) -> None:
    receipt = once(
        "charge",
        lambda key: provider.charge(event.cents, idempotency_key=key),
        returns=Receipt,
        lease=LONG if event.order == "long" else SHORT if event.order == "short" else MINUTE,
    )
    paid.put(Paid(event.order, receipt))


@billing.post("/mails", public=True, status=202)
def send(body: str, mails: Mails[Send]) -> None:
    mails.send(body)


@billing.worker(Mails)
def mail(text: str, provider: Provider, once: Once) -> None:
    once("mail", lambda key: provider.charge(0, idempotency_key=key))
    if text == "bad":
        raise ValueError(text)
    once("mail", lambda key: provider.charge(0, idempotency_key=key))  # the same effect again
    once("copy", lambda key: provider.charge(0, idempotency_key=key))


@billing.every(DAY)
def bill_storage(provider: Provider, once: Once) -> None:
    once("storage", lambda key: provider.charge(1, idempotency_key=key))


def running(provider: Provider) -> Platform:
    platform = Platform(billing)

    def ours() -> Provider:
        return provider

    platform.provide(ours)
    return platform


def receipts(platform: Platform) -> list[str]:
    return [one.receipt.number for one in platform.items(PaidOrders)]


def test_a_message_that_comes_twice_is_paid_once_and_gets_the_same_receipt() -> None:
    provider = Provider()
    with running(provider) as platform:
        platform.publish(Ordered(order="a", cents=5))
        platform.settle()
        assert platform.items(PaidOrders) == [Paid("a", Receipt("receipt 1", 5))]
        assert len(provider.keys) == 1
        platform.publish(Ordered(order="b", cents=6))
        platform.settle()
        assert receipts(platform) == ["receipt 1", "receipt 2"]
        assert len(set(provider.keys)) == 2
        assert platform.failures() == []


def test_an_effect_that_fails_is_tried_again_with_the_same_key() -> None:
    provider = Provider()

    def fails_twice() -> None:
        if len(provider.keys) <= 2:
            raise OSError("the provider is down")

    provider.does = fails_twice
    with running(provider) as platform:
        platform.publish(Ordered(order="a", cents=5))
        platform.settle()
        assert receipts(platform) == []
        platform.advance(timedelta(seconds=10))
        assert receipts(platform) == ["receipt 3"]
        assert [report.failure and report.failure.error for report in platform.failures()] == [
            "OSError: the provider is down"
        ] * 2
    first, second, third = provider.keys
    assert first == second == third
    assert len(first) == 36


def test_what_happened_before_the_handler_failed_does_not_happen_again() -> None:
    provider = Provider()
    with running(provider) as platform:
        assert platform.post("/billing/mails", "bad").status == 202
        platform.advance(LONG)
        assert len(platform.failures()) == 3
        assert platform.dead(Mails) == ["bad"]
        assert len(provider.keys) == 1
        assert platform.redrive(Mails) == 1
        platform.settle()
        assert len(provider.keys) == 1


def deliver_again(platform: Platform, after: timedelta) -> None:
    """Deliver what is being handled to another consumer too, as a queue may do at any time."""
    platform._engine.ports.deliveries.release_all()
    platform.advance(after)
    platform.settle()


def test_while_one_delivery_pays_another_waits_until_its_lease_has_ended() -> None:
    provider = Provider()
    with running(provider) as platform:
        provider.does = lambda: deliver_again(platform, timedelta(0))
        platform.publish(Ordered(order="long", cents=5))
        platform.settle()
        (report,) = platform.failures()
        assert report.failure is not None
        assert report.failure.error.startswith("EffectInProgress: Another delivery of ")
        assert report.retry is not None
        assert MINUTE < report.retry <= LONG
        assert receipts(platform) == ["receipt 1"]
        platform.advance(LONG)
        assert len(platform.failures()) == 1
        assert receipts(platform) == ["receipt 1"]
        assert len(provider.keys) == 1


def test_to_wait_for_the_effect_of_another_delivery_is_no_attempt() -> None:
    shop, began, during = Service("shop"), list[int](), list[Callable[[], None]]()

    @shop.queue("orders", attempts=1)
    class Orders(Queue[str, Can]): ...

    @shop.post("/", public=True)
    def order(orders: Orders[Send]) -> None:
        orders.send("a")

    @shop.worker(Orders)
    def charge(_order: str, once: Once, context: Context) -> None:
        began.append(context.attempt)
        once("charge", lambda _key: during.pop()())

    with Platform(shop) as platform:
        during.append(lambda: deliver_again(platform, timedelta(0)))
        platform.post("/shop")
        platform.settle()
        assert platform.dead(Orders) == []
        platform.advance(LONG)
        assert (platform.waiting(Orders), platform.dead(Orders)) == ([], [])
        # The kit repeats each delivery that succeeds, as attempt 2. What waited comes back as attempt 1.
        assert began == [1, 1, 2, 1, 2]


def test_whoever_lost_the_lease_does_not_overwrite_the_result_of_the_other() -> None:
    provider = Provider()
    with running(provider) as platform:

        def slow() -> None:
            if len(provider.keys) == 1:
                deliver_again(platform, 2 * SHORT)

        provider.does = slow
        platform.publish(Ordered(order="short", cents=5))
        platform.settle()
        platform.advance(LONG)
        assert receipts(platform) == ["receipt 2"]
        errors = [report.failure.error for report in platform.failures() if report.failure]
        assert [error.partition(":")[0] for error in errors] == ["EffectInProgress"] * 2
        assert "took longer than its lease" in errors[-1]
    first, second = provider.keys  # only the provider could have known: it was told the same key
    assert first == second


def test_in_one_delivery_effects_are_told_apart_by_their_names() -> None:
    provider = Provider()
    with running(provider) as platform:
        platform.post("/billing/mails", "hello")
        platform.settle()
        assert len(provider.keys) == len(set(provider.keys)) == 2
        assert platform.failures() == []


def test_a_scheduled_run_bills_once() -> None:
    provider = Provider()
    with running(provider) as platform:
        platform.advance(DAY)
        assert len(provider.keys) == 1
        platform.advance(DAY)
        assert len(set(provider.keys)) == len(provider.keys) == 2


def test_a_trace_shows_what_was_done_once() -> None:
    with running(Provider()) as platform:
        trace = platform.post("/billing/mails", "hello").trace
        platform.settle()
        delivered = [span.id for span in platform.spans(trace) if span.kind == "delivery"]
        shown = [
            [span.name for span in platform.spans(trace) if span.parent == above]
            for above in delivered
        ]
    first = ["once mail", "finish mail", "once mail", "once copy", "finish copy"]
    assert shown == [first, ["once mail", "once mail", "once copy"]]


@pytest.mark.crash
@pytest.mark.parametrize(("moment", "charges"), [(DURING, 2), (AFTER, 1)])
def test_after_a_kill_it_happens_again_only_if_nobody_can_know_and_then_with_its_key(
    moment: str, charges: int, tmp_path: Path
) -> None:
    """The lease of the process that was killed is of 12 hours, and ends with the restart."""
    ledger = tmp_path / "ledger"

    def process(moment: str) -> "subprocess.CompletedProcess[str]":
        command = [
            sys.executable,
            "-m",
            "tests.crash.paying",
            str(tmp_path / "oort.db"),
            str(ledger),
            moment,
        ]
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
        )

    killed = process(moment)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    finished = process(NEVER)
    assert (finished.returncode, finished.stdout) == (0, f"receipt {charges}\n"), finished.stderr
    keys = ledger.read_text(encoding="utf-8").split()
    assert (len(keys), len(set(keys))) == (charges, 1)


@pytest.mark.parametrize("count", [1, 3])
def test_a_handler_is_a_plain_function_that_a_fake_calls_as_often_as_wanted(count: int) -> None:
    provider, paid, once = Provider(), fake(PaidOrders[Put]), fake(Once)
    for _ in range(count):
        charge(Ordered(order="a", cents=5), provider, paid, once)
    assert stored(paid) == [Paid("a", Receipt("receipt 1", 5))]
    charge(Ordered(order="a", cents=5), provider, paid, fake(Once))
    assert len(set(provider.keys)) == 2
