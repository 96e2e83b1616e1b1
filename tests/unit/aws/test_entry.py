"""The entry puts a function together from its environment variables, once, and says what is missing."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from oort.aws import entry
from oort.aws.invoking.logs import JsonLog
from oort.aws.invoking.relaying import RelayHandler
from oort.aws.services.relay import Relay
from oort.engine.clocks import VirtualClock
from oort.model.errors import InvalidProject, InvalidUse
from oort.model.messages import Message
from oort.rules.cloud.cloud_names import Location
from oort.rules.cloud.deployed import FunctionEnvironment, OutboxTable
from oort.rules.messaging import envelopes
from tests.unit.aws.scripted import clients

ENVIRONMENT = FunctionEnvironment(
    platform="cometbid",
    stage="test",
    function="accounts.read",
    packages=("cometbid.accounts",),
    partition="aws",
    account="1",
)


def variables(environment: FunctionEnvironment[str] = ENVIRONMENT) -> dict[str, str]:
    return {**environment.variables(), "AWS_REGION": "eu-north-1"}


@pytest.fixture(autouse=True)
def _root() -> Iterator[None]:
    """The entry takes over the log of the process; here it gives it back. It also makes sure where imports start from."""
    root, paths = logging.getLogger(), sys.path[:]
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level, sys.path[:] = handlers, level, paths
    logging.getLogger("botocore").setLevel(logging.NOTSET)


def test_a_function_is_put_together_and_answers() -> None:
    answer = entry.made(variables())
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
    mail = replace(ENVIRONMENT, function="email.deliver", packages=("cometbid.email",))
    answer = entry.made(variables(mail))
    record = {
        "messageId": "m",
        "receiptHandle": "r",
        "body": "garbage",
        "attributes": {"ApproximateReceiveCount": "5"},
    }
    with pytest.raises(InvalidUse):
        answer({"httpMethod": "GET", "record": record})


@pytest.mark.parametrize("missing", variables())
def test_a_variable_that_is_missing_is_named(missing: str) -> None:
    with pytest.raises(InvalidUse, match=missing):
        entry.made({name: value for name, value in variables().items() if name != missing})


def test_a_package_that_cannot_be_loaded_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InvalidProject):
        entry.made(variables(replace(ENVIRONMENT, packages=("cometbid.nothing",))))
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["level"] == "ERROR"


class Fresh:
    """The context of an invocation that has just begun."""

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


def test_the_entry_makes_its_function_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables(replace(ENVIRONMENT, function="accounts._relay")).items():
        monkeypatch.setenv(name, value)
    entry._made.clear()
    with pytest.raises(InvalidUse, match="not a stream event"):
        entry.handle({}, Fresh())
    first = entry._made[0]
    with pytest.raises(InvalidUse):
        entry.handle({}, Fresh())
    assert entry._made == [first]
    entry._made.clear()


def row(id: str, *, kind: str = OutboxTable.PUBLISH) -> dict[str, object]:
    text = envelopes.wrapped(Message(id=id, name="shop.sold", body=b"{}"))
    image = {
        OutboxTable.ROW: {"S": f"{kind}/shop.sold/"},
        OutboxTable.ID: {"S": id},
        OutboxTable.MESSAGE: {"S": text},
        OutboxTable.DELAY: {"N": "0"},
        OutboxTable.SENT: {"N": "1"},
    }
    return {
        "eventName": "INSERT",
        "dynamodb": {"SequenceNumber": f"s{id}", OutboxTable.IMAGE: image},
    }


def test_the_relay_names_the_records_that_it_could_not_send() -> None:
    answer = {
        "Successful": [],
        "Failed": [{"Id": "1", "Code": "InternalError", "SenderFault": False}],
    }
    made, client = clients(publish_batch=[answer], delete_item=[{}])
    made.sns, made.dynamodb = client, client  # type: ignore[misc]
    location, output = Location("shop", "prod", "aws", "eu-north-1", "1"), io.StringIO()
    log = JsonLog({}, clock=VirtualClock(), stream=output)
    handler = RelayHandler(
        Relay(made, location=location, service="shop"), log=log, clock=VirtualClock()
    )
    assert handler.answer({"Records": [row("1"), row("2")]}) == {
        "batchItemFailures": [{"itemIdentifier": "s2"}]
    }
    assert [name for name, _ in client.asked] == ["publish_batch", "delete_item"]
    assert json.loads(output.getvalue())["message"] == "1 relayed, 1 failed"


def test_a_row_that_cannot_be_read_is_told_and_holds_up_nobody() -> None:
    made, client = clients(publish_batch=[{"Successful": [], "Failed": []}], delete_item=[{}])
    made.sns, made.dynamodb = client, client  # type: ignore[misc]
    location, output = Location("shop", "prod", "aws", "eu-north-1", "1"), io.StringIO()
    log = JsonLog({}, clock=VirtualClock(), stream=output)
    handler = RelayHandler(
        Relay(made, location=location, service="shop"), log=log, clock=VirtualClock()
    )
    assert handler.answer({"Records": [row("1", kind="nonsense"), row("2")]}) == {
        "batchItemFailures": []
    }
    told = [json.loads(line) for line in output.getvalue().splitlines()]
    assert "neither send nor publish" in told[0]["message"]
    assert len(client.asked) == 2
