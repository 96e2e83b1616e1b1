"""P7, P14: on AWS too, a consumer that fails touches nobody else, its message becomes a dead letter, and a repeat has no effect."""

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from oort.model.messages import Message
from oort.rules.messaging import envelopes
from tests.e2e import deployed
from tests.e2e.deployed import Deployed, eventually

SIGN_UP = {"email": "ada@example.com", "country": "SE"}


@pytest.fixture(scope="module")
def mailless(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """The platform on a stage where the file that stands for the mail server cannot be opened."""
    settings = deployed.stage("mailless", tmp_path_factory.mktemp("outbox"))
    broken = dataclasses.replace(
        settings, environment=(("COMETBID_OUTBOX", "/proc/nowhere/outbox.jsonl"),)
    )
    return deployed.deployed(emulator, broken)


def sign_ups(platform: Deployed) -> list[int]:
    found = platform.ask("analytics", "GET", f"/analytics/counts/{datetime.now(UTC).date()}")
    return [one["sign_ups"] for one in found.json()["items"]]


def depth(platform: Deployed, queue: str) -> int:
    queues, name = platform.client("sqs"), f"cometbid_{platform.stage.name}_{queue}"
    url = queues.get_queue_url(QueueName=name)["QueueUrl"]
    found = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return int(found["ApproximateNumberOfMessages"]) + int(
        found["ApproximateNumberOfMessagesNotVisible"]
    )


def test_mail_that_cannot_be_sent_is_tried_five_times_and_kept(mailless: Deployed) -> None:
    assert mailless.ask("accounts", "POST", "/accounts", SIGN_UP).status == 201
    eventually(lambda: sign_ups(mailless) == [1], "the count, whatever the mail does")
    token = mailless.token("support@example.com", group="support")
    eventually(
        lambda: (
            len(
                mailless.ask("onboarding", "GET", "/onboarding/workspaces", token=token).json()[
                    "items"
                ]
            )
            == 1
        ),
        "the workspace, whatever the mail does",
    )
    eventually(lambda: depth(mailless, "email_outgoing_dead") == 1, "a dead letter")
    assert depth(mailless, "email_outgoing") == 0
    group = "/aws/lambda/cometbid_mailless_email_deliver"
    events = mailless.client("logs").filter_log_events(logGroupName=group)["events"]
    lines = [json.loads(one["message"]) for one in events if one["message"].startswith("{")]
    failures = [
        line for line in lines if line.get("attempt") and line["level"] in ("WARNING", "ERROR")
    ]
    assert [line["attempt"] for line in failures] == [1, 2, 3, 4, 5]
    assert "/proc/nowhere" in failures[-1]["message"]


def test_an_event_that_arrives_twice_counts_once(mailless: Deployed, tmp_path: Path) -> None:
    before = sum(sign_ups(mailless))
    body = json.dumps({"account_id": "twice", "email": "eve@example.com", "country": "DK"}).encode()
    text = envelopes.wrapped(Message(id="twice", name="accounts.signed-up", body=body, key="twice"))
    queues = mailless.client("sqs")
    url = queues.get_queue_url(QueueName="cometbid_mailless_analytics_count")["QueueUrl"]
    for _ in range(3):
        queues.send_message(QueueUrl=url, MessageBody=text)
    eventually(lambda: depth(mailless, "analytics_count") == 0, "all three were handed over")
    assert sum(sign_ups(mailless)) == before + 1
