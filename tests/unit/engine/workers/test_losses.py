"""What callers get, and what traces show, when the process of an invocation is gone."""

import msgspec

from oort.engine.clocks import VirtualClock
from oort.engine.entropy import SeededEntropy
from oort.engine.workers import losses
from oort.engine.workers.processes import Job, Loss
from oort.engine.workers.wire import Handled, Settled
from oort.model.invocations import BatchInvocation, BatchOutcome, Failure, HttpInvocation
from oort.model.operations import CallFunction, Objected
from tests.unit.engine.workers.shop import PROGRAM, SHORT, jobs

WORK = PROGRAM.functions["shop.work"].model
GONE, LATE = Loss("It is gone."), Loss("It is late.", timed_out=True)
TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


def batch(loss: Loss | None, *settled: Settled) -> BatchOutcome:
    """Return the outcome of a batch of four deliveries, of which some were settled before."""
    deliveries = jobs("", "", "", "")
    receipts = tuple(delivery.receipt for delivery in deliveries)
    job = Job("shop.work", "t", b"", Handled, SHORT, lambda _: None, receipts, list(settled))
    invocation = BatchInvocation(id="i", token="t", deliveries=deliveries)
    clock, entropy = VirtualClock(), SeededEntropy(1)
    return losses.batch(
        loss, job, spans=(), function=WORK, invocation=invocation, clock=clock, entropy=entropy
    )


def test_the_delivery_that_ran_has_failed_and_later_deliveries_did_not_begin() -> None:
    failed = Settled(failure=Failure(receipt="r0", error="no", traceback=""))
    outcome = batch(GONE, failed, Settled())
    assert [failure.receipt for failure in outcome.failures] == ["r0", "r2"]
    assert outcome.left == ("r3",)
    assert [(span.kind, span.error) for span in outcome.spans] == [("delivery", "It is gone.")]


def test_at_the_end_of_the_platform_no_delivery_fails() -> None:
    outcome = batch(Loss("It ends.", is_ending=True), Settled())
    assert (outcome.failures, outcome.left) == ((), ("r1", "r2", "r3"))


def test_a_process_that_ends_after_its_last_delivery_takes_nothing_along() -> None:
    outcome = batch(GONE, Settled(), Settled(), Settled(), Settled())
    assert (outcome.failures, outcome.left) == ((), ())


def test_without_a_loss_the_deliveries_without_an_end_did_not_begin() -> None:
    assert batch(None, Settled()).left == ("r1", "r2", "r3")


def test_a_request_is_a_bad_gateway_or_a_time_out_without_internals() -> None:
    invocation = HttpInvocation(
        id="i",
        token="t",
        traceparent=TRACE,
        path={},
        query=(),
        headers={},
        body=b"",
        principal=None,
    )
    clock, entropy = VirtualClock(), SeededEntropy(1)
    for loss, status in ((GONE, 502), (LATE, 504)):
        outcome = losses.request(
            loss, function=WORK, invocation=invocation, clock=clock, entropy=entropy
        )
        assert (outcome.status, outcome.error) == (status, loss.what)
        assert loss.what not in msgspec.json.decode(outcome.body)["detail"]
        assert outcome.spans[0].trace == "a" * 32


def test_a_call_learns_only_that_there_is_no_answer() -> None:
    operation = CallFunction("shop.price", b"{}", TRACE)
    clock, entropy = VirtualClock(), SeededEntropy(1)
    for loss, status in ((GONE, 502), (LATE, 504)):
        outcome = losses.call(loss, operation, function=WORK, clock=clock, entropy=entropy)
        assert isinstance(outcome.result, Objected)
        assert (outcome.result.status, outcome.result.kind) == (status, "CallFailed")
        assert outcome.error == loss.what
