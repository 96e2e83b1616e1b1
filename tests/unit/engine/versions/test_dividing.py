"""Requests, messages and calls are divided among two versions, whose handlers run in this process."""

import asyncio
from collections import Counter
from dataclasses import dataclass, replace

import msgspec
import pytest

from oort import Call, Can, Put, Queue, Service, Table, call
from oort.app.loading.loader import load
from oort.app.programs import Program
from oort.engine.clocks import VirtualClock
from oort.engine.engine import Engine
from oort.engine.entropy import SeededEntropy
from oort.engine.gateway.answers import InThreads
from oort.engine.gateway.gateway import Admission
from oort.engine.store.direct import DirectStore
from oort.engine.threads import Awaited, Threads
from oort.engine.versions.dividing import (
    Divided,
    DividedAnswers,
    DividedConsumers,
    DividedGateway,
    Division,
)
from oort.model.http import HttpReply, HttpRequest
from oort.model.invocations import DeliveryReport
from oort.model.messages import Message
from oort.model.operations import Answered, CallFunction
from oort.model.versions import LiveVersion
from oort.rules import triggers
from oort.testing.callers import KnownCallers


class Note(msgspec.Struct):
    """A note."""

    id: str
    by: str = ""


@call("desk.who")
class Who(Call[Note, Note]):
    """Asks for the version."""


def program(word: str, *, is_new: bool = False) -> Program:
    """A version of the program."""
    desk = Service("desk")

    @desk.table("notes", key="id")
    class Notes(Table[str, Note, Can]):
        """Notes."""

    @desk.queue("jobs", attempts=3)
    class Jobs(Queue[Note, Can]):
        """Work."""

    @desk.get("/", public=True)
    def greet() -> str:
        return word

    @desk.answer(Who)
    def answer(note: Note) -> Note:
        return Note(note.id, by=word)

    @desk.worker(Jobs, batch=2)
    def work(note: Note, notes: Notes[Put]) -> None:
        notes.put(Note(note.id, by=word))

    if is_new:

        @desk.get("/new", public=True)
        def new() -> str:
            return word

    return load([desk])


@dataclass
class Desk:
    """Two versions on one store."""

    division: Division
    engine: Engine
    reports: list[DeliveryReport]

    def share(self, **shares: int) -> None:
        """Give the versions these shares."""
        self.division.live = tuple(
            replace(each, version=replace(each.version, shares={"desk": shares[each.version.name]}))
            for each in self.division.live
        )

    def replies(self, path: str = "/desk", number: int = 100) -> Counter[str]:
        """Ask, and return how often each version replied; the status of a refusal."""
        gateway = DividedGateway(self.division)
        counter: Counter[str] = Counter()
        for _ in range(number):
            admitted = gateway.admit(HttpRequest("GET", path))
            reply = admitted
            if isinstance(admitted, Admission):
                reply = gateway.answer(admitted, b"")
                assert isinstance(reply, HttpReply)
                assert reply.version == admitted.version
            assert isinstance(reply, HttpReply)
            counter[reply.version if reply.status == 200 else str(reply.status)] += 1
        return counter


@pytest.fixture(name="desk")
def _desk() -> Desk:
    store, clock, entropy = DirectStore(), VirtualClock(), SeededEntropy(7)
    reports: list[DeliveryReport] = []
    engines = [
        Engine(
            program(word, is_new=word == "next"),
            store=store,
            clock=clock,
            entropy=entropy,
            identity=KnownCallers(),
            report=reports.append,
        )
        for word in ("main", "next")
    ]
    live: list[Divided] = []
    for engine in engines:
        functions = tuple(engine.program.model.functions)
        live.append(
            Divided(
                LiveVersion(("main", "next")[len(live)], engine.program.model, {"desk": 50}),
                engine.first,
                InThreads(engine.gateway, Threads(1)),
                triggers.consumers(functions),
                triggers.answering(functions),
            )
        )
        live[-1].name(live[-1].version.name)
    division = Division(live[0], entropy=entropy)
    division.live = tuple(live)
    engines[1].ports.tables.prepare()
    return Desk(division, engines[1], reports)


def test_each_version_replies_by_its_share(desk: Desk) -> None:
    assert desk.replies().keys() == {"main", "next"}
    desk.share(main=90, next=10)
    assert 2 < desk.replies(number=200)["next"] < 40
    desk.share(main=100, next=0)
    assert desk.replies() == {"main": 100}


def test_a_route_of_one_version_is_its_own_as_long_as_it_has_a_share(desk: Desk) -> None:
    desk.share(main=99, next=1)
    assert desk.replies("/desk/new") == {"next": 100}
    desk.share(main=100, next=0)
    assert desk.replies("/desk/new") == {"404": 100}
    desk.share(main=0, next=0)
    assert desk.replies() == {"404": 100}
    assert desk.replies("/nothing%ff", number=1) == {"400": 1}


def test_calls_are_divided(desk: Desk) -> None:
    operation = CallFunction("desk.who", msgspec.json.encode(Note("1")), "")

    def answers() -> Counter[object]:
        outcomes = [desk.division.call("", operation) for _ in range(100)]
        assert all(span.detail["service_version"] for outcome in outcomes for span in outcome.spans)
        return Counter(
            msgspec.json.decode(outcome.result.body)["by"]
            for outcome in outcomes
            if isinstance(outcome.result, Answered)
        )

    assert answers().keys() == {"main", "next"}
    desk.share(main=0, next=1)
    assert answers() == {"next": 100}
    desk.share(main=0, next=0)
    assert not answers()


def test_messages_are_divided_batch_by_batch(desk: Desk) -> None:
    consumers = DividedConsumers(desk.division, desk.engine.clock)
    queues, leased = desk.engine.ports.queues, Counter[str]()

    def drained(number: int) -> Counter[str]:
        for place in range(number):
            body = msgspec.json.encode(Note(str(place)))
            queues.send("desk.jobs", Message(id=f"m{place}", name="desk.jobs", body=body))
        before = len(desk.reports)
        assert "desk.jobs" in consumers
        assert consumers.batches("desk.jobs", most=3) == 3
        taken = consumers.drain(
            "desk.jobs", stopping=lambda: False, leased=lambda: leased.update(["x"])
        )
        assert taken == number
        return Counter(report.version for report in desk.reports[before:])

    versions = drained(40)
    assert versions.keys() == {"main", "next"}
    assert not versions["main"] % 2  # whole batches
    desk.share(main=0, next=1)
    assert drained(10) == {"next": 10}
    assert leased["x"] == 2
    desk.share(main=0, next=0)
    assert "desk.jobs" not in consumers
    assert not consumers.batches("desk.jobs", most=3)
    assert not consumers.drain("desk.jobs", stopping=lambda: False)


def test_a_stop_leases_nothing(desk: Desk) -> None:
    consumers, leased = DividedConsumers(desk.division, desk.engine.clock), Counter[str]()
    stopped = consumers.drain(
        "desk.jobs", stopping=lambda: True, leased=lambda: leased.update(["x"])
    )
    assert (stopped, leased["x"]) == (0, 1)


async def _answered(desk: Desk, admission: Admission) -> HttpReply:
    answers = DividedAnswers(desk.division, DividedGateway(desk.division))
    answer: Awaited[HttpReply] = Awaited(asyncio.get_running_loop())
    answers.begin(admission, b"", then=answer.settle)
    outcome = await answer.outcome(10)
    answers.close()
    assert isinstance(outcome, HttpReply)
    return outcome


@pytest.mark.parametrize(("path", "status"), [("/desk", 200), ("/desk/new", 404)])
def test_a_request_whose_version_lost_its_share_begins_in_the_other(
    desk: Desk, path: str, status: int
) -> None:
    desk.share(main=0, next=1)
    admitted = DividedGateway(desk.division).admit(HttpRequest("GET", path))
    assert isinstance(admitted, Admission)
    assert admitted.version == "next"
    desk.share(main=1, next=0)
    reply = asyncio.run(_answered(desk, admitted))
    assert (reply.status, reply.version) == (status, "main" if status == 200 else "")
