"""Patterns that mean something else in JSON Schema are refused at load, with file and line, in every type."""

from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

from oort import (
    Call,
    Can,
    Event,
    Publish,
    Put,
    Queue,
    Read,
    Reply,
    Secret,
    Send,
    Service,
    Table,
    call,
    event,
    upcast,
)
from oort.app.loading.loader import load
from oort.model.errors import InvalidProgram

Word = Annotated[str, Meta(pattern=r"\bno")]


class Holder(msgspec.Struct):
    id: str
    words: list[dict[Word, int]] = []


class Plain(msgspec.Struct):
    id: Annotated[str, Meta(pattern="^[A-Z]{2}$")]


def mistakes(*services: Service) -> list[str]:
    with pytest.raises(InvalidProgram) as raised:
        load(services)
    found = [mistake for mistake in raised.value.mistakes if mistake.code == "type.pattern"]
    assert len(found) == len(raised.value.mistakes)
    for mistake in found:
        assert mistake.source.file.endswith("test_used_types.py")
        assert r"The pattern \bno has no meaning of its own" in mistake.what
        assert "Write the characters that may stand there" in mistake.instead
    return [f"{mistake.source.line}" for mistake in found]


def test_a_body_and_a_reply() -> None:
    shop = Service("shop")

    @shop.post("/a")
    def body(body: Holder) -> None: ...

    @shop.get("/b")
    def reply() -> Holder:
        return Holder("1")

    @shop.get("/c")
    def wrapped() -> Reply[Holder]:
        return Reply(Holder("1"))

    @shop.get("/d")
    def parameter(word: Word = "no") -> None: ...

    @shop.post("/e")
    def plain(body: Plain, codes: list[str]) -> Plain:
        return body

    assert len(set(mistakes(shop))) == 4


def test_items_and_messages() -> None:
    shop = Service("shop")

    @shop.table("holders", key="id")
    class Holders(Table[str, Holder, Can]): ...

    @shop.queue("work")
    class Work(Queue[Holder, Can]): ...

    @shop.secret("word")
    class Key(Secret[Holder, Can]): ...

    @shop.post("/a")
    def use(holders: Holders[Put], work: Work[Send], key: Key[Read]) -> None: ...

    @shop.post("/b")
    def again(holders: Holders[Put]) -> None: ...

    @shop.worker(Work)
    def work(message: Holder) -> None: ...

    assert len(mistakes(shop)) == 4


def test_messages_that_are_received() -> None:
    shop = Service("shop")

    @shop.queue("work")
    class Work(Queue[Holder, Can]): ...

    @shop.worker(Work)
    def receive(message: Holder) -> None: ...

    assert len(mistakes(shop)) == 1


def test_events_of_all_versions() -> None:
    shop = Service("shop")

    @event("shop.sold", version=1, key="id")
    class First(Event):
        id: str
        word: Word

    @event("shop.sold", version=2, key="id")
    class Second(Event):
        id: str

    @upcast
    def newer(old: First) -> Second:
        return Second(id=old.id)

    @shop.on(Second)
    def consume(event: Second) -> None: ...

    @shop.post("/a")
    def publish(out: Publish[Second]) -> None: ...

    assert len(mistakes(shop)) == 1


def test_calls() -> None:
    shop, bank = Service("shop"), Service("bank")

    @call("bank.charge")
    class Charge(Call[Holder, Plain]): ...

    @bank.answer(Charge)
    def charge(request: Holder) -> Plain:
        return Plain("NO")

    @shop.post("/a")
    def pay(charge: Charge) -> None: ...

    assert len(mistakes(shop, bank)) >= 1
