"""The entry puts a function together from its environment variables, once, and says what is missing."""

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest

from oort.aws import entry
from oort.aws.invoking.logs import JsonLog
from oort.aws.invoking.relaying import RelayHandler
from oort.aws.services.relay import Relay
from oort.engine.clocks import VirtualClock
from oort.model.errors import InvalidProject, InvalidUse
from oort.model.messages import Message
from oort.rules.cloud.cloud_names import Place
from oort.rules.messaging import envelopes
from tests.unit.aws.scripted import clients

VARIABLES = {
    "OORT_FUNCTION": "accounts.read",
    "OORT_PLATFORM": "cometbid",
    "OORT_STAGE": "test",
    "OORT_PARTITION": "aws",
    "OORT_ACCOUNT": "1",
    "OORT_PACKAGES": "cometbid.accounts",
    "AWS_REGION": "eu-north-1",
}


@pytest.fixture(autouse=True)
def _root() -> Iterator[None]:
    """The entry takes over the log of the process; here it gives it back. It also makes sure where imports start from."""
    root, paths = logging.getLogger(), sys.path[:]
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level, sys.path[:] = handlers, level, paths
    logging.getLogger("botocore").setLevel(logging.NOTSET)


def test_a_function_is_put_together_and_answers() -> None:
    answer = entry.made(VARIABLES)
    reply = answer(
        {
            "httpMethod": "GET",
            "path": "/accounts/1",
            "requestContext": {},
            "pathParameters": {"id": "1"},
        }
    )
    assert isinstance(reply, dict)
    assert reply["statusCode"] == 401  # without asking AWS for anything


def test_a_consumer_knows_how_often_its_queue_tries() -> None:
    variables = {
        **VARIABLES,
        "OORT_FUNCTION": "email.deliver",
        "OORT_PACKAGES": "cometbid.email",
        "OORT_CALLS": "a.b=a.c",
    }
    answer = entry.made(variables)
    record = {
        "messageId": "m",
        "receiptHandle": "r",
        "body": "garbage",
        "attributes": {"ApproximateReceiveCount": "5"},
    }
    with pytest.raises(InvalidUse):
        answer({"httpMethod": "GET", "record": record})


@pytest.mark.parametrize("missing", VARIABLES)
def test_a_variable_that_is_missing_is_named(missing: str) -> None:
    with pytest.raises(InvalidUse, match=missing):
        entry.made({name: value for name, value in VARIABLES.items() if name != missing})


def test_a_package_that_cannot_be_loaded_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InvalidProject):
        entry.made({**VARIABLES, "OORT_PACKAGES": "cometbid.nothing"})
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["level"] == "ERROR"


def test_the_entry_makes_its_function_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**VARIABLES, "OORT_FUNCTION": "accounts._relay"}.items():
        monkeypatch.setenv(name, value)
    entry._made.clear()
    with pytest.raises(InvalidUse, match="no stream event"):
        entry.handle({}, None)
    first = entry._made[0]
    with pytest.raises(InvalidUse):
        entry.handle({}, None)
    assert entry._made == [first]
    entry._made.clear()


def row(id: str, *, kind: str = "publish") -> dict[str, object]:
    text = envelopes.wrapped(Message(id=id, name="shop.sold", body=b"{}"))
    image = {
        "row": {"S": f"{kind}/shop.sold/"}, "id": {"S": id}, "message": {"S": text}, "delay": {"N": "0"}, "sent": {"N": "1"}
    }  # fmt: skip
    return {"eventName": "INSERT", "dynamodb": {"SequenceNumber": f"s{id}", "NewImage": image}}


def test_the_relay_names_the_records_that_it_could_not_send() -> None:
    answer = {
        "Successful": [],
        "Failed": [{"Id": "1", "Code": "InternalError", "SenderFault": False}],
    }
    made, client = clients(publish_batch=[answer], delete_item=[{}])
    made.sns, made.dynamodb = client, client  # type: ignore[misc]
    place, output = Place("shop", "prod", "aws", "eu-north-1", "1"), io.StringIO()
    log = JsonLog({}, clock=VirtualClock(), stream=output)
    handler = RelayHandler(Relay(made, place=place, service="shop"), log=log, clock=VirtualClock())
    assert handler.answer({"Records": [row("1"), row("2")]}) == {
        "batchItemFailures": [{"itemIdentifier": "s2"}]
    }
    assert [name for name, _ in client.asked] == ["publish_batch", "delete_item"]
    assert json.loads(output.getvalue())["message"] == "1 relayed, 1 failed"


def test_a_row_that_cannot_be_read_is_told_and_holds_up_nobody() -> None:
    made, client = clients(publish_batch=[{"Successful": [], "Failed": []}], delete_item=[{}])
    made.sns, made.dynamodb = client, client  # type: ignore[misc]
    place, output = Place("shop", "prod", "aws", "eu-north-1", "1"), io.StringIO()
    log = JsonLog({}, clock=VirtualClock(), stream=output)
    handler = RelayHandler(Relay(made, place=place, service="shop"), log=log, clock=VirtualClock())
    assert handler.answer({"Records": [row("1", kind="nonsense"), row("2")]}) == {
        "batchItemFailures": []
    }
    told = [json.loads(line) for line in output.getvalue().splitlines()]
    assert "neither send nor publish" in told[0]["message"]
    assert len(client.asked) == 2
