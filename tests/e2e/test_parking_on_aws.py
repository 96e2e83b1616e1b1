"""P19: on AWS too, what a consumer cannot read is parked as it came, is not tried again, and is released when it can be read."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from oort.cli import cloud, platforms
from oort.cli.commands import oort
from oort.model.messages import Delivery, Fault, Message, Reason
from oort.rules import envelopes
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
    url = queues.get_queue_url(QueueName=f"cometbid_{platform.stage.name}_analytics_count")["QueueUrl"]
    for text in texts:
        header = {"by": {"DataType": "String", "StringValue": "another program"}}
        queues.send_message(QueueUrl=url, MessageBody=text, MessageAttributes=header)


@pytest.fixture
def platform(emulator: str, tmp_path: Path) -> Deployed:
    """A stage of its own: others count sign-ups, too."""
    return deployed.deployed(emulator, deployed.stage("parking", tmp_path))


def test_what_cannot_be_read_is_parked_and_released_when_it_can_be(platform: Deployed) -> None:
    stage = platform.stage.name
    before = sum(sign_ups(platform))
    newer, picture = (
        signed_up("newer", version=9),
        signed_up("picture").replace('"id"', '"datacontenttype":"image/png","id"'),
    )
    twice = signed_up("twice").replace('"country":"DK"', '"country":"DK","country":"SE"')
    huge = signed_up("huge").replace('"country"', f'"padding":"{"x" * 500_000}","country"')
    deep = signed_up("deep").replace('"country"', f'"padding":{"[" * 50_000}{"]" * 50_000},"country"')
    other = signed_up("other").replace("accounts.signed-up", "accounts.closed")
    send(platform, "garbage", newer, signed_up("parked-1"), picture, twice, huge, deep, other, signed_up("parked-2"))
    eventually(lambda: depth(platform, "analytics_count") == 0, "all of them were handed over")
    eventually(lambda: sum(sign_ups(platform)) == before + 2, "the two that can be read count")
    found = told("parked", str(COMETBID), "--stage", stage)
    assert {one["reason"]: one["raw"] for one in found} == {
        "malformed": "garbage",
        "unknown-version": newer,
        "content-type": picture,
        "repeated-name": twice,
        "too-large": huge,
        "too-deep": deep,
        "unknown-event": other,
    }
    assert all(one["headers"] == {"by": "another program"} for one in found)
    assert depth(platform, "analytics_count_dead") == 0
    rings = [
        json.loads(one["message"])
        for one in platform.client("logs").filter_log_events(
            logGroupName=f"/aws/lambda/cometbid_{stage}_analytics_count"
        )["events"]
        if '"reason"' in one["message"]
    ]
    assert {line["reason"] for line in rings} == {one["reason"] for one in found}
    kinds = {(line["event"], line["version"]) for line in rings}
    assert len(kinds) == 4
    # Each function of Lambda runs in several environments here; each event and version rings once all the same.
    assert sorted((line["event"], line["version"]) for line in rings if line["level"] == "ERROR") == sorted(kinds)
    assert told("release", "-C", str(COMETBID), "--stage", stage) == [
        {"consumer": one["consumer"], "released": 0, "parked": 7 if one["consumer"] == CONSUMER else 0}
        for one in told("release", "-C", str(COMETBID), "--stage", stage, "--dry-run")
    ]
    _, program = platforms.load(COMETBID)
    readable = Message(id="late", name="accounts.signed-up", body=json.dumps({
        "account_id": "late", "email": "late@example.com", "country": "DK"
    }).encode(), sent=datetime.now(UTC).timestamp())  # fmt: skip
    parking = cloud.Cloud(platform.stage).parking(program.model)
    parking.keep(QUEUE, Delivery(message=readable, receipt="", attempt=1), Fault(Reason.UNKNOWN_VERSION, "yesterday"))
    (released,) = told("release", CONSUMER, "-C", str(COMETBID), "--stage", stage)
    assert (released["released"], released["parked"]) == (1, 7)
    eventually(lambda: sum(sign_ups(platform)) == before + 3, "what was released counts")
