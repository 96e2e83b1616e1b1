"""P8, P9, P10: stacks are made, left alone, changed one service at a time, taken back when a part fails, and removed."""

import io
import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

import pytest

from oort.aws.clients import Clients
from oort.aws.services.deliveries import Deliveries
from oort.cli.wiring import cloud, platforms
from oort.model.delivery.stages import Stage
from oort.model.errors import DeploymentFailed
from oort.model.messages import Delivery, Fault, Message, Reason
from oort.rules.cloud.deployed import OutboxTable
from tests.e2e.deployed import COMETBID, ROOT, Deployed, deploy, stage


def test_every_resource_of_the_templates_was_made(platform: Deployed) -> None:
    """Nothing is left out for the emulator: it knows every type that the templates hold."""
    project, program = platforms.load(COMETBID)
    whole = cloud.shipment(project, program, platform.stage, [])
    stacks = platform.client("cloudformation")
    for request in (whole.assets, whole.platform, *whole.services):
        assert request is not None
        wanted = {
            name: one["Type"] for name, one in json.loads(request.template)["Resources"].items()
        }
        made = stacks.describe_stack_resources(StackName=request.name)["StackResources"]
        assert {one["LogicalResourceId"]: one["ResourceType"] for one in made} == wanted
        assert {one["ResourceStatus"] for one in made} == {"CREATE_COMPLETE"}


def test_tables_queues_and_functions_are_as_the_templates_say(platform: Deployed) -> None:
    prefix = f"cometbid_{platform.stage.name}"
    people = platform.client("dynamodb").describe_table(TableName=f"{prefix}_accounts_people")[
        "Table"
    ]
    assert people["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    assert people["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    (index,) = people["GlobalSecondaryIndexes"]
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["country", "created"]
    outbox = platform.client("dynamodb").describe_table(TableName=f"{prefix}_accounts__outbox")[
        "Table"
    ]
    assert outbox["StreamSpecification"] == {
        "StreamEnabled": True,
        "StreamViewType": OutboxTable.STREAM_VIEW,
    }
    queues = platform.client("sqs")
    url = queues.get_queue_url(QueueName=f"{prefix}_email_outgoing")["QueueUrl"]
    found = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    redrive = json.loads(found["RedrivePolicy"])
    assert int(redrive["maxReceiveCount"]) == 5
    assert redrive["deadLetterTargetArn"].endswith(f":{prefix}_email_outgoing_dead")
    functions = platform.client("lambda")
    names = [
        one["FunctionName"]
        for page in functions.get_paginator("list_functions").paginate()
        for one in page["Functions"]
    ]
    ours = [name for name in names if name.startswith(f"{prefix}_")]
    roles = {functions.get_function_configuration(FunctionName=name)["Role"] for name in ours}
    assert len(ours) == len(roles) == 13 + 2  # and the relays of accounts and email
    mappings = functions.list_event_source_mappings(FunctionName=f"{prefix}_email_deliver:live")[
        "EventSourceMappings"
    ]
    assert [one["FunctionResponseTypes"] for one in mappings] == [["ReportBatchItemFailures"]]


def test_a_second_deployment_changes_and_uploads_nothing(platform: Deployed) -> None:
    again = deploy(platform.stage)
    assert [outcome.changed for outcome in again.outcomes] == [False] * 6
    assert again.uploaded == 0


def test_a_change_to_one_service_touches_that_service_alone(emulator: str, tmp_path: Path) -> None:
    first = stage("alone", tmp_path)
    deploy(first)
    changed = replace(first, memory=512)
    done = deploy(changed, "email")
    assert [outcome.stack.name for outcome in done.outcomes if outcome.changed] == [
        "cometbid-alone-email"
    ]


def test_a_stack_that_fails_is_taken_back_and_says_why(emulator: str, tmp_path: Path) -> None:
    settings = stage("broken", tmp_path)
    with pytest.raises(DeploymentFailed) as raised:
        deploy(settings, spoilt="email")
    assert raised.value.what.startswith(
        "The stack cometbid-broken-email failed: Nowhere (AWS::SQS::Queue): "
    )
    assert raised.value.instead == "No resource of it remains. Fix the cause and deploy again."
    assert {
        name for name in tables_of("broken") if "_email_" in name
    } == set()  # not even those that outlive a stack
    outcomes = deploy(settings).outcomes
    assert "cometbid-broken-email" in {
        outcome.stack.name for outcome in outcomes if outcome.changed
    }
    with pytest.raises(DeploymentFailed, match="Everything is as it was before"):
        deploy(settings, spoilt="email")
    assert not any(outcome.changed for outcome in deploy(settings).outcomes)


def test_a_name_that_is_taken_is_found_before_anything_changes(
    emulator: str, tmp_path: Path
) -> None:
    functions = client("lambda")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("other.py", "")
    functions.create_function(
        FunctionName="cometbid_taken_analytics_show",
        Runtime="python3.11",
        Role="arn:aws:iam::000000000000:role/other",
        Handler="other.handle",
        Code={"ZipFile": archive.getvalue()},
    )
    with pytest.raises(DeploymentFailed, match="cannot be planned") as raised:
        deploy(stage("taken", tmp_path))
    assert "cometbid_taken_analytics_show" in str(raised.value)


def oort(*arguments: str, answer: str = "") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "oort.cli", *arguments]
    return subprocess.run(
        command, cwd=ROOT, input=answer, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The reference platform in a folder of its own: a deployment writes into its lock files."""
    return copytree(COMETBID, tmp_path / "cometbid", ignore=ignore_patterns("__pycache__", ".oort"))


def test_the_command_line_deploys_looks_and_removes(emulator: str, copy: Path) -> None:
    """With the defaults of a stage: packages for arm64 and Python 3.14, which are not run here."""
    where = ("-C", str(copy), "--stage", "words")
    made = oort("deploy", *where)
    assert made.returncode == 0, made.stdout + made.stderr
    assert f"{copy}/contracts/accounts.signed-up/1.json published in prod, words" in made.stdout
    breaks(copy, where[2:])
    assert "cometbid-words-accounts" in made.stdout
    assert "ApiUrl = https://" in made.stdout
    assert "6 stacks, 6 changed." in made.stdout
    park(stage("words", copy))
    again = oort("deploy", "analytics", *where)
    assert "analytics.count              1 parked message can be read now" in again.stdout
    looked = oort("deploy", "email", "--dry-run", *where)
    assert "2 stacks, 0 would change." in looked.stdout
    refused = oort("destroy", *where, answer="prod\n")
    assert refused.returncode == 64
    assert "Nothing was removed" in refused.stderr
    assert oort("destroy", *where, "--yes").stdout.endswith("5 stacks removed.\n")
    tables = tables_of("words")
    assert "cometbid_words_accounts_people" in tables  # data outlives the stacks
    again = oort("deploy", *where)
    assert again.returncode == 0, again.stdout + again.stderr
    assert tables_of("words") > tables


def breaks(copy: Path, where: tuple[str, ...]) -> None:
    """What the stage runs refuses a break, though no lock file knows of it; nothing of the services is sent."""
    other = copytree(
        copy, copy.parent / "other" / "cometbid", ignore=ignore_patterns("*.json", "__pycache__")
    )
    contracts = other / "contracts" / "accounts.py"
    contracts.write_text(contracts.read_text().replace("    country: str\n", "    country: int\n"))
    refused = oort("deploy", "accounts", "-C", str(other), *where)
    assert refused.returncode == 1
    assert "2 objections by what the stage words runs" in refused.stderr
    assert f"{contracts}:" in refused.stderr
    assert (
        "would break analytics (count), email (welcome), onboarding (first_workspace)"
        in refused.stderr
    )
    assert "Nothing was deployed." in refused.stderr
    assert "package " not in refused.stdout


def park(settings: Stage) -> None:
    """Put aside what the consumer can read, as a version before it would have done."""
    _, program = platforms.load(COMETBID)
    body = b'{"account_id":"1","email":"a@example.com","country":"NO"}'
    delivery = Delivery(
        message=Message(id="1", name="accounts.signed-up", body=body), receipt="", attempt=1
    )
    location = cloud.Cloud(settings).location(program.model)
    deliveries = Deliveries(Clients(settings.region), platform=program.model, location=location)
    deliveries.keep(
        "analytics.count", delivery, Fault(Reason.UNKNOWN_VERSION, "Yesterday it could not.")
    )


def tables_of(name: str) -> set[str]:
    found = client("dynamodb").list_tables(Limit=100)["TableNames"]
    return {table for table in found if table.startswith(f"cometbid_{name}_")}


def client(service: str) -> Any:
    """A client of the emulator."""
    return Clients("us-east-1").get(service)
