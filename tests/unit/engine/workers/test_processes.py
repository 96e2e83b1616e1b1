"""A worker that speaks the protocol itself gets nothing, and hurts nobody."""

import asyncio
import os
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import pytest

from oort.engine.workers import wire
from oort.engine.workers.processes import Claims, Job, Loss, Process
from oort.engine.workers.wire import (
    Answered,
    Ended,
    Handled,
    Line,
    Perform,
    RunBatch,
    RunRequest,
    Settled,
    Use,
)
from oort.model.invocations import Failure, HttpOutcome
from oort.model.items import Item
from oort.model.messages import Message
from oort.model.operations import Commit, GetItem, Mark, Operation, PutItem, ScanTable, SendMessage
from tests.unit.engine.workers.shop import opened

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")

USE = Use(0.001, 0.0, 1)
FINE = HttpOutcome(status=200, headers=(), body=b"[]", entered=True)


class Speaker:
    """A worker's end of the connection, without the worker."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._decode = wire.decoder(wire.ToWorker).decode

    def hear(self) -> wire.ToWorker:
        """Return the next frame; end with the connection."""
        return self._decode(self._read(wire.length(self._read(wire.HEAD))))  # type: ignore[no-any-return]

    def say(self, frame: wire.FromWorker | bytes) -> None:
        """Send a frame, or any bytes."""
        self._connection.sendall(frame if isinstance(frame, bytes) else wire.framed(frame))

    def asked(self, token: str, operation: Operation) -> wire.ToWorker:
        """Return the answer to an operation."""
        self.say(Perform(token, operation))
        return self.hear()

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = self._connection.recv(size - len(data))
            if not part:
                os._exit(0)
            data += part
        return data


def speaking(script: Callable[[Speaker, Any], object]) -> Callable[..., NoReturn]:
    """Return a worker that runs the script for an invocation of `do`, and is honest for others."""

    def main(connection: socket.socket, *_: object) -> NoReturn:
        speaker = Speaker(connection)
        try:
            while True:
                run = speaker.hear()
                assert isinstance(run, RunRequest | RunBatch)
                if run.function == "shop.process":
                    body = msgspec.json.encode([os.getpid()])
                    speaker.say(Answered(msgspec.structs.replace(FINE, body=body), USE))
                else:
                    script(speaker, run)
        except OSError:
            os._exit(0)

    return main


def wait_for_end(process: int) -> None:
    """Wait until there is no such process."""
    end = time.monotonic() + 10
    with suppress(ProcessLookupError):
        while True:
            os.kill(process, 0)
            assert time.monotonic() < end
            time.sleep(0.01)


def replied(speaker: Speaker, text: str) -> None:
    """End a request with this text."""
    speaker.say(Answered(msgspec.structs.replace(FINE, body=text.encode()), USE))


def answers(*operations: Callable[[str], Operation]) -> Callable[[Speaker, RunRequest], None]:
    """Return a script that replies with the answers to the operations."""

    def script(speaker: Speaker, run: RunRequest) -> None:
        token = run.invocation.token
        replied(speaker, repr([speaker.asked(token, make(token)) for make in operations]))

    return script


def test_it_may_do_what_its_function_may_and_no_more(tmp_path: Path) -> None:
    script = answers(
        lambda _: PutItem("shop.items", {"id": "mine"}),
        lambda _: ScanTable("shop.items"),
        lambda _: PutItem("other.notes", {"id": "1"}),
        lambda _: SendMessage("shop.jobs", Message(id="1", name="shop.jobs", body=b"{}")),
        lambda _: Commit((), Mark("shop.work", "m0")),
        lambda _: GetItem("shop.items", ("mine",)),
    )
    with opened(tmp_path, main=speaking(script)) as shop:
        text = shop.do("").body.decode()
        assert text.count("permission.denied") == 4, text
        assert "mine" in text
        assert shop.process()


def test_a_token_is_good_for_its_own_invocation_alone(tmp_path: Path) -> None:
    """The second request replays the token of the first, and guesses others."""
    kept: list[str] = []

    def script(speaker: Speaker, run: RunRequest) -> None:
        kept.append(run.invocation.token)
        tokens = [kept[0], "", "0" * 32]
        heard = [speaker.asked(token, GetItem("shop.items", ("1",))) for token in tokens]
        replied(speaker, repr(heard))

    with opened(tmp_path, main=speaking(script)) as shop:
        assert "Found" in shop.do("").body.decode()
        text = shop.do("").body.decode()
        assert text.count("permission.denied") == 3, text


def packed(value: object) -> bytes:
    """Return a frame with this value."""
    data = msgspec.msgpack.encode(value)
    return struct.pack("<I", len(data)) + data


def reply_with(**changes: object) -> bytes:
    """Return the frame of a reply that no function makes."""
    return bytes(wire.framed(Answered(msgspec.structs.replace(FINE, **changes), USE)))


WIDE = {"type": "put", "table": "t", "item": {"a": msgspec.msgpack.Ext(9, b"")}}
GARBAGE = {
    "no frame": b"\x08\0\0\0garbage!",
    "a frame without end": struct.pack("<I", 0xFFFFFFFF),
    "a list of four billion": struct.pack("<I", 5) + b"\xdd\xff\xff\xff\xff",
    "deep": struct.pack("<I", 1 << 20) + b"\x91" * (1 << 20),
    "another type": bytes(wire.framed(Settled())),
    "another end": bytes(wire.framed(Handled((), USE))),
    "an operation that is none": packed(
        {"type": "perform", "token": "", "operation": {"type": "get"}}
    ),
    "an extension that is none": packed({"type": "perform", "token": "", "operation": WIDE}),
    "a status that is none": reply_with(status=99),
    "a header with a line break": reply_with(headers=(("x", "a\r\nset-cookie: b"),)),
    "a header of the connection": reply_with(headers=(("content-length", "0"),)),
    "a body where none may be": reply_with(status=204),
}


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE)
def test_what_breaks_the_protocol_ends_the_process(tmp_path: Path, data: bytes) -> None:
    with opened(tmp_path, main=speaking(lambda speaker, _: speaker.say(data))) as shop:
        before = shop.process()
        reply = shop.do("")
        assert reply.status == 502
        assert "The worker process of shop.do broke the protocol" in reply.error
        assert shop.process() != before


def test_one_that_does_not_wait_for_a_result_ends(tmp_path: Path) -> None:
    def script(speaker: Speaker, run: RunRequest) -> None:
        operation = Perform(run.invocation.token, PutItem("shop.items", {"id": "1"}))
        speaker.say(bytes(wire.framed(operation) * 1000))

    with opened(tmp_path, main=speaking(script)) as shop:
        assert "It did not wait for a result." in shop.do("").error
        assert shop.process()


def test_one_that_speaks_without_an_invocation_ends(tmp_path: Path) -> None:
    def twice(speaker: Speaker, _: RunRequest) -> None:
        replied(speaker, "[]")
        replied(speaker, "[]")

    with opened(tmp_path, main=speaking(twice)) as shop:
        before = shop.process()
        assert shop.do("").status == 200
        wait_for_end(before)
        assert shop.process() != before


def test_a_value_that_no_handle_sends_fails_its_operation_alone(tmp_path: Path) -> None:
    script = answers(
        lambda _: GetItem("shop.items", ({"a": 1},)),  # type: ignore[arg-type]
        lambda _: GetItem("shop.items", ()),
        lambda _: PutItem("shop.items", {"id": [1, 2]}),
        lambda _: PutItem("shop.items", {"id": "a" * 5000}),
        lambda _: PutItem("shop.items", {"id": "1", "big": "a" * 500_000}),
        lambda _: PutItem("shop.items", {}),
        lambda _: PutItem("shop.items", {"id": "good"}),
    )
    with opened(tmp_path, main=speaking(script)) as shop:
        text = shop.do("").body.decode()
        assert text.count("Done(") == 1, text
        assert shop.stored() == ["good"]


def test_a_message_is_read_before_it_is_believed(tmp_path: Path) -> None:
    """It says of broken bodies that they were checked."""
    bodies = [b"{", b'{"a":1,"a":2}', b'"' + b"a" * 300_000 + b'"', b"[" * 100_000, b'{"id":"1"}']

    def script(speaker: Speaker, run: RunBatch) -> None:
        heard = []
        for body in bodies:
            message = Message(id="1", name="other.parcels", body=body, checked=True)
            heard.append(speaker.asked(run.invocation.token, SendMessage("other.parcels", message)))
        speaker.say(Settled(Failure(receipt="r0", error=repr(heard), traceback="")))
        speaker.say(Handled((), USE))

    with opened(tmp_path, main=speaking(script)) as shop:
        (failure,) = shop.engine.invoker.batch("other.send", shop.job(), id="i").failures
        assert failure.error.count("value.invalid") == 4
        assert failure.error.count("Done(") == 1
        assert len(shop.engine.ports.queue_inspection.peek("other.parcels", most=10)) == 1


@pytest.mark.parametrize(
    "ends",
    [
        [],
        [Settled(), Settled(), Settled()],
        [Settled(Failure(receipt="another", error="", traceback=""))],
    ],
)
def test_it_cannot_settle_what_it_was_not_given(tmp_path: Path, ends: list[Settled]) -> None:
    def script(speaker: Speaker, _: RunBatch) -> None:
        for end in ends:
            speaker.say(end)
        speaker.say(Handled((), USE))

    with opened(tmp_path, main=speaking(script)) as shop:
        before = shop.process()
        outcome = shop.batch("", "")
        assert len(outcome.failures) == (len(ends) < 2)
        assert shop.process() != before


def test_a_flood_of_lines_waits_and_does_not_stop_the_others(tmp_path: Path) -> None:
    def flood(speaker: Speaker, _: RunRequest) -> None:
        while True:
            speaker.say(Line("x" * 1000))

    with opened(tmp_path, main=speaking(flood)) as shop:
        before = time.monotonic()
        reply = shop.do("")
        took = time.monotonic() - before
        assert reply.status == 504
        assert len(shop.lines) < 30_000 * (took + 1)


def test_one_that_stops_reading_is_killed_at_its_time_out(tmp_path: Path) -> None:
    """A reply of megabytes waits in the broker, which goes on."""

    def deaf(speaker: Speaker, run: RunRequest) -> None:
        token = run.invocation.token
        for number in range(12):
            item: Item = {"id": str(number), "text": "a" * 350_000}
            speaker.asked(token, PutItem("shop.items", item))
        speaker.say(Perform(token, GetItem("shop.items", ("1",))))
        time.sleep(30)

    with opened(tmp_path, main=speaking(deaf)) as shop:
        assert shop.do("").status == 504
        assert shop.process()


class Closed(asyncio.Transport):
    """The transport of a process that has just ended: the parent has not told of it yet."""

    def is_closing(self) -> bool:
        return True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        raise RuntimeError(f"The handle is closed: {len(data)} bytes.")

    def abort(self) -> None:
        """Do nothing: it is closed."""


def test_an_invocation_for_a_process_that_has_just_ended_runs_in_another() -> None:
    again, ends = list[Job](), list[Ended | Loss]()

    async def given() -> Job:
        process = Process(
            1,
            Claims(),
            perform=lambda *_: None,
            free=lambda _: None,
            follow=lambda _: None,
            again=again.append,
            line=lambda _: None,
            report=lambda _: None,
            kill=lambda _: None,
        )
        process.connection_made(Closed())
        process.connection_lost(None)
        job = Job("shop.do", "t", b"frame", Answered, timedelta(seconds=1), ends.append)
        process.begin(job)
        process.retire()
        process.gone(9)
        return job

    job = asyncio.run(given())
    assert (again, ends) == ([job], [])


class Open(Closed):
    """A transport that is open; `written` is what the process would read."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def is_closing(self) -> bool:
        return False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data


def test_a_process_that_has_ended_gets_no_other_invocation_with_a_late_result() -> None:
    ends, waiting, transport = list[Ended | Loss](), list[Job](), Open()

    async def given() -> Job:
        process = Process(
            1,
            Claims(),
            perform=lambda *_: None,
            free=lambda _: None,
            follow=lambda _: waiting.pop(),
            again=waiting.append,
            line=lambda _: None,
            report=lambda _: None,
            kill=lambda _: None,
        )
        process.connection_made(transport)
        job = Job("shop.do", "t", b"frame", Answered, timedelta(seconds=1), ends.append)
        waiting.append(job)
        process.begin(job)
        process.data_received(wire.framed(Perform("t", GetItem("shop.items", ("1",)))))
        process.gone(9)
        process.returned(1, b"result")
        return job

    job = asyncio.run(given())
    assert waiting == [job]
    assert transport.written == b"frame"
