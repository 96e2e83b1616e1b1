"""The calls of the claim cloud-calls are what an SDK sends. No server is started and nothing is timed."""

import json

import pytest

from benchmarks import cloud_calls, gateway
from benchmarks.api import Contender
from benchmarks.load import Order, Tally
from benchmarks.processes import Server
from benchmarks.programs import Emulator

EMULATOR = Emulator(Server(1, 2**22 + 1, 0.0), "http://127.0.0.1:1/123456789012/jobs")


@pytest.mark.parametrize("name", ["get", "put", "send"])
def test_a_call_has_a_number_and_is_json(name: str) -> None:
    one = cloud_calls.call(name, EMULATOR)
    first, second = (json.loads(one.body % number) for number in (7, 8))
    assert first != second
    assert one.headers["content-type"] == "application/x-amz-json-1.0"


def test_the_emulator_is_asked_for_the_row_that_was_written() -> None:
    put, get = (cloud_calls.call(name, EMULATOR) for name in ("put", "get"))
    written, asked = json.loads(put.body % 7), json.loads(get.body % 7)
    assert asked["TableName"] == written["TableName"]
    assert asked["Key"].items() <= written["Item"].items()
    assert get.numbers == gateway.ROWS


def test_the_row_is_that_of_oort() -> None:
    item = json.loads(cloud_calls.call("put", EMULATOR).body % 7)["Item"]
    ours = json.loads(gateway.ADD % 7)
    assert {name: item[name]["S"] for name in ("id", "shelf", "text")} == {
        name: ours[name] for name in ("id", "shelf", "text")
    }
    assert item.keys() == ours.keys()


def test_the_message_is_that_of_oort() -> None:
    body = json.loads(cloud_calls.call("send", EMULATOR).body % 7)
    assert body["QueueUrl"] == EMULATOR.queue
    assert json.loads(body["MessageBody"])["number"] == 7


def test_as_many_rows_are_written_as_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def fire(order: Order) -> Tally:
        last = order.first + 150
        return Tally(requests=150, seconds=1, cpu=0, p50=0, p99=0, refused={}, last=last)

    monkeypatch.setattr("benchmarks.api.fire", fire)
    one: Contender = cloud_calls.call("put", EMULATOR)
    cloud_calls._fill(one)
    assert one.last == 300
    assert gateway.ROWS <= 300
