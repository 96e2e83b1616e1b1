"""Data contracts of a program: their parts, keys, earlier types and users."""

import msgspec

from oort import Call, Can, Get, Put, Queue, Send, Service, Table, call
from oort.app.documents import data_contracts
from oort.app.loading import loader
from oort.model.contracts import DataName, DeclaredData
from oort.model.resources import Kind


class RowV1(msgspec.Struct):
    id: str
    n: int


class Row(msgspec.Struct):
    id: str
    n: int
    note: str


class Closed(msgspec.Struct, forbid_unknown_fields=True):
    id: str


def noted(old: RowV1) -> Row:
    return Row(old.id, old.n, "")


@call("bank.pay")
class Pay(Call[int, str]): ...


@call("bank.pay", version=2)
class PayInFull(Call[Row, str]): ...


shop, bank = Service("shop"), Service("bank")


@shop.table("rows", key=("id", "n"), upgrades=[noted])
class Rows(Table[tuple[str, int], Row, Can]): ...


@shop.table("closed", key="id")
class Lids(Table[str, Closed, Can]): ...


@shop.queue("parcels", upgrades=[noted])
class Parcels(Queue[Row, Can]): ...


@shop.get("/")
def read(rows: Rows[Get], pay: Pay) -> str:
    return pay(1)


@shop.worker(Parcels)
def pack(row: Row, rows: Rows[Put], pay: PayInFull) -> None:
    rows.put(row)


@shop.post("/")
def send(parcels: Parcels[Send]) -> None: ...


@bank.answer(Pay)
def paid(amount: int) -> str:
    return ""


@bank.answer(PayInFull)
def paid_in_full(row: Row) -> str:
    return ""


def declared(*services: Service) -> dict[DataName, DeclaredData]:
    program = loader.load(services or (shop, bank))
    return {(data.kind, data.name): data for data in data_contracts.declared(program)}


def test_every_table_queue_and_call_is_declared() -> None:
    assert sorted(declared()) == [
        (Kind.CALL, "bank.pay"),
        (Kind.CALL, "bank.pay-v2"),
        (Kind.QUEUE, "shop.parcels"),
        (Kind.TABLE, "shop.closed"),
        (Kind.TABLE, "shop.rows"),
    ]


def test_a_table_has_its_key_and_the_types_before_its_upgrades() -> None:
    rows = declared()[Kind.TABLE, "shop.rows"]
    assert [*rows.form.key.items()] == [("id", "text"), ("n", "number")]
    assert rows.form.revision == 2
    assert list(rows.form.parts) == ["item"]
    assert {revision: [*parts] for revision, parts in rows.older.items()} == {1: ["item"]}
    assert (rows.service, rows.users) == ("shop", ("shop.pack", "shop.read"))


def test_a_queue_has_senders_and_its_worker_as_users() -> None:
    parcels = declared()[Kind.QUEUE, "shop.parcels"]
    assert list(parcels.form.parts) == ["message"]
    assert parcels.users == ("shop.pack", "shop.send")


def test_a_call_has_a_request_and_a_reply_and_users_on_both_sides() -> None:
    pay = declared()[Kind.CALL, "bank.pay"]
    assert list(pay.form.parts) == ["request", "reply"]
    assert (pay.service, pay.users) == ("bank", ("bank.paid", "shop.read"))


def test_a_reader_that_refuses_unknown_fields_is_closed_in_its_schema() -> None:
    contracts = declared()
    closed = contracts[Kind.TABLE, "shop.closed"].form.parts["item"].reader["$defs"]
    opened = contracts[Kind.TABLE, "shop.rows"].form.parts["item"].reader["$defs"]
    assert closed["Closed"]["additionalProperties"] is False  # type: ignore[index,call-overload]
    assert "additionalProperties" not in opened["Row"]  # type: ignore[index,call-overload,operator]


def test_a_caller_alone_declares_the_call_that_it_makes() -> None:
    assert declared(shop)[Kind.CALL, "bank.pay"].users == ("shop.read",)
