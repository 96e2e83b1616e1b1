"""Threads for requests: each reply reaches its task, and replies that are ready together wake the loop once."""

import asyncio
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from oort.engine.threads import Threads
from oort.model.http import HttpReply


def reply(status: int) -> HttpReply:
    return HttpReply(status, (), b"", trace="")


class Held:
    """Work that goes on when the test lets it."""

    def __init__(self) -> None:
        self.entered, self.go_on = threading.Event(), threading.Event()

    def __call__(self) -> HttpReply:
        self.entered.set()
        assert self.go_on.wait(10)
        return reply(200)


@pytest.fixture
def threads() -> Iterator[Threads]:
    threads = Threads(1)
    yield threads
    threads.close()


def test_each_task_gets_its_reply() -> None:
    four = Threads(4)

    async def all_of_them() -> list[Any]:
        jobs = [four.submit(partial(reply, number)) for number in range(200, 260)]
        return [await job.outcome() for job in jobs]

    assert [each.status for each in asyncio.run(all_of_them())] == list(range(200, 260))
    four.close()


@pytest.mark.parametrize("error", [ZeroDivisionError, SystemExit, KeyboardInterrupt])
def test_an_error_is_an_outcome_and_the_thread_goes_on(
    threads: Threads, error: type[BaseException]
) -> None:
    def fail() -> HttpReply:
        raise error

    async def both() -> list[Any]:
        return [await threads.submit(work).outcome() for work in (fail, lambda: reply(200))]

    failed, good = asyncio.run(both())
    assert isinstance(failed, Exception)
    assert error.__name__ in repr(failed)
    assert good.status == 200


def test_after_the_limit_there_is_none_and_later_the_reply(threads: Threads) -> None:
    held = Held()

    async def late() -> list[Any]:
        job = threads.submit(held)
        early = await job.outcome(0.01)
        assert not job.cancel()  # it has begun
        held.go_on.set()
        return [early, await job.outcome(10)]

    none, there = asyncio.run(late())
    assert (none, there.status) == (None, 200)


def test_work_that_has_not_begun_can_be_left_undone(threads: Threads) -> None:
    held, done = Held(), list[int]()

    def work() -> HttpReply:
        done.append(1)
        return reply(200)

    async def second() -> bool:
        first, job = threads.submit(held), threads.submit(work)
        is_cancelled = job.cancel()
        held.go_on.set()
        await first.outcome()
        return is_cancelled and not job.cancel()

    assert asyncio.run(second())
    threads.close()
    assert done == []


def test_replies_that_are_ready_together_wake_the_loop_once(
    threads: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[object] = []
    last = threading.Event()

    def end() -> HttpReply:
        last.set()
        return reply(200)

    async def many() -> list[Any]:
        loop = asyncio.get_running_loop()
        real: Any = loop.call_soon_threadsafe

        def counted(callback: object) -> None:
            woken.append(callback)
            real(callback)

        monkeypatch.setattr(loop, "call_soon_threadsafe", counted)
        jobs = [*(threads.submit(lambda: reply(200)) for _ in range(50)), threads.submit(end)]
        assert last.wait(10)  # the loop does nothing until 50 replies are there
        return [await job.outcome(10) for job in jobs]

    assert {each.status for each in asyncio.run(many())} == {200}
    assert len(woken) <= 2  # 50 replies, and perhaps the last


def test_a_reply_after_the_end_of_its_loop_is_dropped_and_the_next_loop_works(
    threads: Threads,
) -> None:
    held = Held()

    async def leave() -> None:
        threads.submit(held)

    async def again() -> Any:
        return await threads.submit(lambda: reply(201)).outcome(10)

    asyncio.run(leave())
    held.go_on.set()
    assert asyncio.run(again()).status == 201


def test_after_the_end_nothing_is_taken(threads: Threads) -> None:
    async def late() -> None:
        threads.close()
        threads.submit(lambda: reply(200))

    with pytest.raises(RuntimeError, match="have ended"):
        asyncio.run(late())
