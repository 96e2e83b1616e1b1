"""The worker's end of the connection: results, failures, and invocations that were taken back."""

import os
import socket
import threading
from collections.abc import Iterator

import pytest

from oort.engine.workers import wire
from oort.engine.workers.processes import Claims
from oort.engine.workers.wire import Claim, Failed, Late, Performed, Retire, RunBatch
from oort.engine.workers.worker import Channel
from oort.model.errors import (
    OortError,
    QueueFull,
    StateLost,
    StateUnwritable,
    TimedOut,
    Unavailable,
)
from oort.model.invocations import BatchInvocation
from oort.model.operations import Done, Found, GetItem, PutItem, Refused, Request
from oort.runtime.alarms import Alarm

REQUEST = Request("t", GetItem("shop.items", ("1",)))
RUN = RunBatch("shop.work", BatchInvocation(id="i", token="t", deliveries=()))


class Ends:
    """Both ends of a connection."""

    def __init__(self) -> None:
        self.broker, worker = socket.socketpair()
        self.claims = Claims()
        self.channel = Channel(worker, self.claims.reading, Alarm())
        self._worker = worker

    def say(self, *frames: wire.ToWorker) -> None:
        """Send frames to the worker, together."""
        self.broker.sendall(b"".join(map(wire.framed, frames)))

    def close(self) -> None:
        """Close both."""
        self.broker.close()
        self._worker.close()
        self.claims.close()


@pytest.fixture
def ends() -> Iterator[Ends]:
    ends = Ends()
    yield ends
    ends.close()


def test_a_result_comes_back(ends: Ends) -> None:
    ends.say(Performed(Done()))
    assert ends.channel.perform(REQUEST) == Done()
    assert ends.channel.asked > 0


@pytest.mark.parametrize("kind", [Unavailable, QueueFull, StateLost, StateUnwritable, OortError])
def test_a_failure_of_the_engine_is_raised_as_it_was(ends: Ends, kind: type[OortError]) -> None:
    ends.say(Failed(kind.code, "It failed.", "Try again."))
    with pytest.raises(kind, match="It failed") as raised:
        ends.channel.perform(REQUEST)
    assert type(raised.value) is kind


def test_a_result_that_comes_after_the_time_out_of_the_handler_is_a_time_out(ends: Ends) -> None:
    ends.say(Late(0.3))
    with pytest.raises(TimedOut, match=r"not done after 0\.3 s"):
        ends.channel.perform(REQUEST)


def test_a_text_with_half_a_character_is_refused_here(ends: Ends) -> None:
    item = {"id": "1", "text": chr(0xD800)}
    result = ends.channel.perform(Request("t", PutItem("shop.items", dict(item))))
    assert isinstance(result, Refused)
    assert result.code == "value.invalid"


def test_an_invocation_that_was_sent_ahead_runs_with_its_claim_only(ends: Ends) -> None:
    ends.claims.give(1)
    ends.say(Claim(1), RUN, Claim(2), RUN, Retire())
    assert ends.channel.next() == RUN
    assert ends.channel.next() == Retire()


def test_an_invocation_that_was_sent_ahead_is_no_result_of_the_one_that_runs(ends: Ends) -> None:
    other = RunBatch("shop.other", RUN.invocation)
    ends.claims.give(2)
    ends.say(Performed(Done()), Claim(1), RUN, Claim(2), other)
    assert ends.channel.perform(REQUEST) == Done()
    ends.say(Performed(Found(None)), Retire())
    assert ends.channel.perform(REQUEST) == Found(None)
    assert ends.channel.next() == other
    assert ends.channel.next() == Retire()


def test_a_claim_that_was_taken_back_is_gone(ends: Ends) -> None:
    ends.claims.give(1)
    assert ends.claims.take()
    assert not ends.claims.take()
    ends.say(Claim(1), RUN, Retire())
    assert ends.channel.next() == Retire()


def test_the_claim_of_a_later_invocation_is_not_for_one_that_was_taken_back(ends: Ends) -> None:
    other = RunBatch("shop.other", RUN.invocation)
    ends.claims.give(1)
    assert ends.claims.take()
    ends.claims.give(2)
    ends.say(Claim(1), RUN, Claim(2), other, Claim(3), RUN, Retire())
    assert ends.channel.next() == other
    assert ends.channel.next() == Retire()


def test_a_long_result_arrives_in_parts(ends: Ends) -> None:
    long = Performed(Refused("x", "a" * 3_000_000))
    sender = threading.Thread(target=ends.say, args=(long,))
    sender.start()
    assert ends.channel.receive() == long
    sender.join(10)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_the_end_of_the_broker_is_the_end_of_the_worker(ends: Ends) -> None:
    ends.broker.close()
    pid = os.fork()
    if not pid:
        ends.channel.receive()
        os._exit(9)  # not reached
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
