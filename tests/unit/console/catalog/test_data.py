"""The data of a service in the catalogue: tables, queues and calls with their fields."""

import msgspec

from oort import Call, Can, Put, Queue, Send, Service, Table, call
from oort.app.loading.loader import load
from oort.console.catalog import data
from oort.console.catalog.blocks import Facts, Heading


class Row(msgspec.Struct):
    id: str
    n: int = 0


@call("bank.pay")
class Pay(Call[Row, int]): ...


shop, bank = Service("shop"), Service("bank")


@shop.table("rows", key="id")
class Rows(Table[str, Row, Can]): ...


@shop.queue("jobs")
class Jobs(Queue[Row, Can]): ...


@shop.worker(Jobs)
def work(row: Row, rows: Rows[Put], pay: Pay) -> None: ...


@shop.post("/")
def send(jobs: Jobs[Send]) -> None: ...


@bank.answer(Pay)
def paid(row: Row) -> int:
    return 1


def headings(service: str) -> list[str]:
    blocks = data.blocks(load([shop, bank]), service)
    return [block.text for block in blocks if isinstance(block, Heading)]


def test_each_table_queue_and_call_has_its_fields() -> None:
    assert headings("shop") == ["Data", "Queue shop.jobs", "Fields", "Table shop.rows", "Fields"]
    assert headings("bank") == ["Data", "Call bank.pay", "Fields", "Fields"]
    assert headings("nobody") == []


def test_a_table_shows_its_key_and_its_users() -> None:
    facts = [
        {name: "".join(part.text for part in phrase) for name, phrase in block.rows}
        for block in data.blocks(load([shop, bank]), "shop")
        if isinstance(block, Facts)
    ]
    assert facts[0] == {"Revision": "1", "Used by": "shop.send, shop.work"}
    assert facts[1] == {"Key": "id (text)", "Revision": "1", "Used by": "shop.work"}
