"""P19: on AWS too, what a consumer cannot read is parked as it came, is not tried again, and is released when it can be read."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner

from oort.aws.clients import Clients
from oort.aws.services.deliveries import Deliveries
from oort.cli.commands import oort
from oort.cli.wiring import cloud, platforms
from oort.model.messages import Delivery, Fault, Message, Reason
from oort.rules.messaging import envelopes
from tests.e2e import deployed
from tests.e2e.deployed import COMETBID, Deployed, eventually
from tests.e2e.test_failures_on_aws import depth, sign_ups

QUEUE, CONSUMER = "analytics.count", "analytics.count"


def told(*words: str) -> Any:
    """What `oort events` prints as JSON."""
    done = CliRunner().invoke(oort, ["events", *words, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def signed_up(name: str, *, version: int = 1) -> str:
    """An event of this version, as its envelope."""
    body = b'{"account_id":"%s","email":"eve@example.com","country":"DK"}' % name.encode()
    return envelopes.wrapped(
        Message(id=name, name="accounts.signed-up", body=body, key=name, version=version, sent=1.0)
    )


def send(platform: Deployed, *texts: str) -> None:
    """Put them on the queue of the consumer, as anybody with the right to may."""
    queues = platform.client("sqs")
    url = queues.get_queue_url(QueueName=f"cometbid_{platform.stage.name}_analytics_count")[
        "QueueUrl"
    ]
    for text in texts:
        header = {"by": {"DataType": "String", "StringValue": "another program"}}
        queues.send_message(QueueUrl=url, MessageBody=text, MessageAttributes=header)


def logged(platform: Deployed) -> list[dict[str, Any]]:
    """What the consumer's log says of what it parked."""
    group = f"/aws/lambda/cometbid_{platform.stage.name}_analytics_count"
    lines = platform.client("logs").filter_log_events(logGroupName=group)["events"]
    return [json.loads(one["message"]) for one in lines if '"reason"' in one["message"]]


# What nobody can read, by the reason.
UNREADABLE = {
    "malformed": "garbage",
    "unknown-version": signed_up("newer", version=9),
    "content-type": signed_up("picture").replace('"id"', '"datacontenttype":"image/png","id"'),
    "repeated-name": signed_up("twice").replace('"country":"DK"', '"country":"DK","country":"SE"'),
    "too-large": signed_up("huge").replace('"country"', f'"padding":"{"x" * 500_000}","country"'),
    "too-deep": signed_up("deep").replace(
        '"country"', f'"padding":{"[" * 50_000}{"]" * 50_000},"country"'
    ),
    "unknown-event": signed_up("other").replace("accounts.signed-up", "accounts.closed"),
}


@pytest.fixture(scope="module")
def platform(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """A stage of its own, since others count sign-ups, too, that was sent all of this and two sign-ups."""
    made = deployed.deployed(emulator, deployed.stage("parking", tmp_path_factory.mktemp("outbox")))
    send(made, signed_up("first"), *UNREADABLE.values(), signed_up("last"))
    eventually(lambda: depth(made, "analytics_count") == 0, "all of them were handed over")
    eventually(lambda: sum(sign_ups(made)) == 2, "the two that can be read count")
    return made


def test_what_cannot_be_read_is_parked_as_it_came(platform: Deployed) -> None:
    found = told("parked", str(COMETBID), "--stage", platform.stage.name)
    assert {one["reason"]: one["raw"] for one in found} == UNREADABLE
    assert all(one["headers"] == {"by": "another program"} for one in found)
    assert depth(platform, "analytics_count_dead") == 0


def test_each_event_and_version_rings_once(platform: Deployed) -> None:
    """Though a function of Lambda runs in several environments at once."""
    lines = logged(platform)
    assert {line["reason"] for line in lines} == UNREADABLE.keys()
    kinds = {(line["event"], line["version"]) for line in lines}
    assert len(kinds) == 4
    assert sorted(
        (line["event"], line["version"]) for line in lines if line["level"] == "ERROR"
    ) == sorted(kinds)


def test_what_can_be_read_is_released_and_the_rest_stays(platform: Deployed) -> None:
    stage = ("-C", str(COMETBID), "--stage", platform.stage.name)
    released = {
        one["consumer"]: (one["released"], one["parked"]) for one in told("release", *stage)
    }
    assert released == {name: (0, 7 if name == CONSUMER else 0) for name in released}
    _, program = platforms.load(COMETBID)
    body = b'{"account_id":"late","email":"late@example.com","country":"DK"}'
    readable = Message(
        id="late", name="accounts.signed-up", body=body, sent=datetime.now(UTC).timestamp()
    )
    location = cloud.Cloud(platform.stage).location(program.model)
    deliveries = Deliveries(
        Clients(platform.stage.region), platform=program.model, location=location
    )
    deliveries.keep(
        QUEUE,
        Delivery(message=readable, receipt="", attempt=1),
        Fault(Reason.UNKNOWN_VERSION, "yesterday"),
    )
    (one,) = told("release", CONSUMER, *stage)
    assert (one["released"], one["parked"]) == (1, 7)
    eventually(lambda: sum(sign_ups(platform)) == 3, "what was released counts")
