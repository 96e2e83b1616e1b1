"""What a handler does to its process hurts its own invocation alone."""

import os
import resource
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from oort.model import limits
from tests.unit.engine.workers.shop import Shop, jobs, opened

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with opened(tmp_path_factory.mktemp("shop")) as shop:
        yield shop


def detail(body: bytes) -> str:
    return str(msgspec.json.decode(body)["detail"])


def test_a_handler_runs_in_another_process_which_is_kept(shop: Shop) -> None:
    assert shop.process() == shop.process() != os.getpid()
    assert shop.ask("later").status == 200


def test_values_come_and_go_with_all_their_digits(shop: Shop) -> None:
    body = {"id": "wide", "count": 2**70, "price": "1.00000000000000000000000001", "doing": ""}
    reply = shop.ask("do", body=body)
    assert (reply.status, msgspec.json.decode(reply.body)) == (200, body)


@pytest.mark.parametrize(
    ("doing", "what"),
    [
        ("segfault", "was ended by SIGSEGV"),
        ("kill", "was ended by SIGKILL"),
        ("exit", "ended with status 3"),
    ],
)
def test_a_process_that_ends_costs_its_own_request_alone(shop: Shop, doing: str, what: str) -> None:
    before = shop.process()
    reply = shop.do(doing)
    assert (reply.status, reply.error) == (502, f"The worker process of shop.do {what}.")
    assert detail(reply.body) == (
        "The function ended without a reply. Its writes before that stay written."
    )
    assert [span.error for span in reply.spans] == [reply.error]
    assert "1" in shop.stored()
    assert before != shop.process()


def test_an_exit_by_exception_keeps_the_process(shop: Shop) -> None:
    before = shop.process()
    assert shop.do("raise").status == 500
    assert shop.process() == before


def test_a_handler_that_sleeps_gets_a_time_out_and_keeps_its_process(shop: Shop) -> None:
    before = shop.process()
    reply = shop.do("sleep")
    assert (reply.status, detail(reply.body)) == (
        504,
        "The function was not done after 0.3 s. Its writes before that stay written.",
    )
    assert shop.process() == before


def test_a_handler_that_hangs_is_killed_a_second_after_its_time_out(shop: Shop) -> None:
    before, began = shop.process(), time.monotonic()
    reply = shop.do("hang")
    assert (reply.status, reply.error) == (504, "shop.do was not done after 0.3 s.")
    assert 1.3 < time.monotonic() - began < 5
    assert shop.process() != before


def test_a_process_that_a_handler_forks_answers_nothing(shop: Shop) -> None:
    before = shop.process()
    assert shop.do("fork").status == 200
    assert shop.process() == before


def test_a_handler_that_closes_its_files_costs_its_own_request(shop: Shop) -> None:
    assert shop.do("close").status == 502
    assert shop.process()


def test_memory_has_a_limit_inside_an_invocation(shop: Shop) -> None:
    reply = shop.ask("take", doing="eat")
    assert reply.status == 500
    assert "MemoryError" in reply.error


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux only")
def test_a_process_that_has_taken_much_memory_ends_after_its_invocation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "WORKER_MEMORY", 150 << 20)
    with opened(tmp_path) as shop:
        before = shop.process()
        assert shop.ask("take", doing="leak").status == 200
        assert shop.process() != before


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux only")
def test_the_memory_of_the_program_itself_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker of a program with large data would end after each invocation."""
    here = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    large = bytearray(2 * here)
    large[:: resource.getpagesize()] = b"x" * len(large[:: resource.getpagesize()])
    monkeypatch.setattr(limits, "WORKER_MEMORY", here)
    with opened(tmp_path) as shop:
        before = shop.process()
        assert shop.do("").status == 200
        assert shop.process() == before
    assert large


def test_a_handle_works_from_several_threads_of_a_handler(shop: Shop) -> None:
    shop.do("")
    assert shop.ask("many").body == b"[40]"


def test_secrets_are_hidden_in_what_a_worker_logs_and_raises(shop: Shop) -> None:
    shop.engine.ports.secrets.write("shop.key", "sk_live_123456")
    reply = shop.ask("secret")
    assert reply.status == 500
    assert "RuntimeError: ***" in reply.error
    assert shop.lines[-1] == "the key is ***"


def test_requests_at_the_same_time_have_processes_of_their_own(shop: Shop) -> None:
    with ThreadPoolExecutor(12) as threads:
        began = time.monotonic()
        replies = list(threads.map(lambda _: shop.ask("wait", seconds=0.5), range(12)))
    assert time.monotonic() - began < 3
    assert len({reply.body for reply in replies}) >= 4


class TestCalls:
    """A function that answers runs in a process beside that of its caller."""

    def test_an_answer_comes_back(self, shop: Shop) -> None:
        reply = shop.ask("ask", doing="")
        assert msgspec.json.decode(reply.body)["price"] == "0.1"

    def test_a_crash_of_the_answering_function_is_a_problem_of_the_call(self, shop: Shop) -> None:
        reply = shop.ask("ask", doing="kill")
        assert (reply.status, detail(reply.body)) == (502, "shop.price could not answer.")
        assert "was ended by SIGKILL" in str(shop.errors[-1])

    def test_a_caller_ends_at_its_time_out_while_the_answer_is_out(self, shop: Shop) -> None:
        before = shop.process()
        began = time.monotonic()
        assert shop.ask("ask", doing="hang").status == 504
        assert time.monotonic() - began < 1.2
        assert shop.process() == before

    def test_the_time_out_of_the_call_holds_if_that_of_the_answer_is_longer(
        self, shop: Shop
    ) -> None:
        began = time.monotonic()
        assert shop.ask("late").status == 504
        assert time.monotonic() - began < 0.9


class TestBatches:
    """Each delivery of a batch has its own end, whatever becomes of the process."""

    def test_only_the_failed_one_comes_again(self, shop: Shop) -> None:
        outcome = shop.batch("", "fail", "")
        assert [failure.receipt for failure in outcome.failures] == ["r1"]
        assert outcome.left == ()

    @pytest.mark.parametrize("doing", ["kill", "exit", "segfault"])
    def test_a_crash_fails_the_delivery_that_ran_and_leaves_the_next(
        self, shop: Shop, doing: str
    ) -> None:
        outcome = shop.batch("", "fail", doing, "", "")
        assert [failure.receipt for failure in outcome.failures] == ["r1", "r2"]
        assert outcome.left == ("r3", "r4")
        assert "The worker process of shop.work" in outcome.failures[1].error

    def test_a_time_out_is_for_one_delivery(self, shop: Shop) -> None:
        outcome = shop.batch("", "sleep", "")
        assert [failure.error for failure in outcome.failures] == [
            "TimedOut: The function was not done after 0.3 s."
        ]
        assert outcome.left == ()

    def test_a_delivery_that_hangs_is_killed_alone(self, shop: Shop) -> None:
        outcome = shop.batch("", "hang", "")
        assert [failure.error for failure in outcome.failures] == [
            "shop.work was not done after 0.3 s."
        ]
        assert outcome.left == ("r2",)


def test_the_end_of_the_engine_ends_every_process(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        worker = shop.process()
        threads = [threading.Thread(target=shop.do, args=("hang",)) for _ in range(3)]
        for thread in threads:
            thread.start()
        while len(shop.engine.workers._processes) < 3:  # type: ignore[union-attr]
            time.sleep(0.01)
    for thread in threads:
        thread.join(10)
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_many_short_requests_have_one_end_each_while_processes_die(shop: Shop) -> None:
    """Invocations go ahead to processes that are killed: none is lost, none runs twice."""

    def ask(number: int) -> tuple[int, int]:
        doing = "kill" if number % 10 == 0 else ""
        return number, shop.ask("add", doing=doing).status

    before = shop.count()
    with ThreadPoolExecutor(32) as threads:
        statuses = dict(threads.map(ask, range(400)))
    killed = {number for number, status in statuses.items() if status == 502}
    assert killed == {number for number in range(400) if number % 10 == 0}
    assert {status for number, status in statuses.items() if number not in killed} == {200}
    assert shop.count() - before == 400


def test_a_delivery_that_is_cut_off_comes_again_and_keeps_its_attempt(tmp_path: Path) -> None:
    with opened(tmp_path) as shop, ThreadPoolExecutor(1) as threads:
        workers = shop.engine.workers
        assert workers is not None
        (job,) = jobs("hang")
        shop.engine.ports.queues.send("shop.jobs", job.message)
        delivering = threads.submit(shop.engine.consumers.deliver, "shop.jobs")
        while not any(process.job for process in tuple(workers._processes.values())):
            time.sleep(0.01)
        workers._loop.call_soon_threadsafe(workers.cut)
        assert delivering.result(10) == 1
        (delivery,) = shop.engine.ports.deliveries.receive("shop.jobs", most=1)
        assert (delivery.attempt, shop.errors) == (1, [])


def test_a_batch_ends_after_its_current_message_when_the_platform_ends(tmp_path: Path) -> None:
    with opened(tmp_path) as shop, ThreadPoolExecutor(1) as threads:
        batch = threads.submit(shop.batch, "", *["sleep"] * 4)
        while shop.stored() != ["0"]:  # the first message was handled
            time.sleep(0.01)
        shop.engine.wind_down()
        outcome = batch.result(10)
        assert outcome.left[-2:] == ("r3", "r4")
        assert len(outcome.failures) + len(outcome.left) == 4


def test_a_batch_that_comes_when_the_platform_ends_is_left_without_an_attempt(
    tmp_path: Path,
) -> None:
    with opened(tmp_path) as shop:
        assert shop.batch("").left == ()  # the process runs
        shop.engine.wind_down()
        outcome = shop.batch("", "")
        for _ in range(100):  # the processes know it a moment later
            if len(outcome.left) < 2:
                outcome = shop.batch("", "")
        assert (outcome.left, outcome.failures, shop.errors) == (("r0", "r1"), (), [])


def test_a_process_that_leaves_files_open_runs_nothing_else(shop: Shop) -> None:
    before = shop.process()
    assert shop.ask("files").status == 200
    assert shop.process() != before
    assert "left hundreds of files open" in str(shop.errors[-1])


def test_an_alarm_of_a_handler_is_not_for_the_next(shop: Shop) -> None:
    before = shop.process()
    assert shop.ask("alarm").status == 200
    assert shop.ask("wait", seconds=0.2).status == 200
    assert shop.process() == before


def test_the_effect_of_a_process_that_is_gone_may_be_tried_at_once(shop: Shop) -> None:
    (job,) = jobs("kill")
    (failure,) = shop.engine.invoker.batch("shop.affect", (job,), id="i").failures
    assert "was ended by SIGKILL" in failure.error
    body = msgspec.json.encode({"id": "effect"})
    again = msgspec.structs.replace(job, message=msgspec.structs.replace(job.message, body=body))
    assert shop.engine.invoker.batch("shop.affect", (again,), id="i").failures == ()
    assert "effect" in shop.stored()


def test_handlers_that_hang_leave_the_others_of_their_service_alone(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as threads, opened(tmp_path) as shop:
        shop.process()
        hanging = [threads.submit(shop.ask, "take", doing="hang") for _ in range(12)]
        for _ in range(20):
            began = time.monotonic()
            assert shop.process()
            assert time.monotonic() - began < 5  # a hanging handler has 20 s
    assert {future.result().status for future in hanging} == {502}
