"""P4, P16, P29: on AWS too, a declared call is answered within its caller's trace, a schedule runs its function, a secret is read."""

import hashlib
import json
from typing import Any

import pytest

from oort.cli.wiring import cloud, platforms
from oort.rules.messaging import envelopes
from tests.e2e import deployed
from tests.e2e.deployed import BAZAAR, Answer, Daemon, Deployed, eventually

TIME = "2026-12-07T05:00:00Z"


@pytest.fixture(scope="module")
def bazaar(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """The small platform, deployed."""
    settings = deployed.stage("e2e", tmp_path_factory.mktemp("bazaar"))
    return deployed.deployed(emulator, settings, platform=BAZAAR)


@pytest.fixture(scope="module")
def runs(bazaar: Deployed) -> dict[str, str]:
    """The id of a run of each schedule: the emulator fires at the real times only, so it is sent as the scheduler does."""
    return {name: _ring(bazaar, name) for name in ("settle", "close")}


@pytest.fixture(scope="module")
def placed(bazaar: Deployed, runs: dict[str, str]) -> Answer:
    """An order that the bank has paid. The runs come first, so that all wait at the same time."""
    answer = bazaar.ask("shop", "POST", "/shop/orders", {"country": "NO", "cents": 250})
    assert answer.status == 201, answer.body
    return answer


def test_another_service_answers_a_call(placed: Answer) -> None:
    assert placed.json()["paid"] == 250


def test_a_problem_of_the_answer_reaches_the_client(bazaar: Deployed) -> None:
    answer = bazaar.ask("shop", "POST", "/shop/orders", {"country": "NO", "cents": 1_000_000})
    assert (answer.status, answer.json()["type"]) == (409, "urn:problem:too-much")


def test_what_the_call_does_is_part_of_its_callers_trace(placed: Answer, daemon: Daemon) -> None:
    header = placed.headers["trace-id"]
    trace = f"1-{header[:8]}-{header[8:]}"

    def segments() -> dict[str, dict[str, Any]]:
        return {
            one["annotations"]["function"]: one
            for one in daemon.segments()
            if one["trace_id"] == trace
        }

    eventually(
        lambda: {"shop.place", "bank.pay_out"} <= segments().keys(), "segments of caller and answer"
    )
    caller, answer = segments()["shop.place"], segments()["bank.pay_out"]
    within = {caller["id"], *(part["id"] for part in caller["subsegments"])}
    assert answer["parent_id"] in within


def test_the_worker_and_the_subscriber_do_their_part(bazaar: Deployed, placed: Answer) -> None:
    order = placed.json()["order"]
    eventually(
        lambda: bazaar.ask("shop", "GET", f"/shop/labels/{order}").status == 200,
        "the parcel is packed",
    )


def test_a_schedule_runs_its_function(bazaar: Deployed, runs: dict[str, str]) -> None:
    wanted = [{"id": id_, "name": name} for name, id_ in sorted(runs.items())]

    def seen() -> list[Any]:
        items = bazaar.ask("bank", "GET", "/bank/runs").json()["items"]
        return sorted(items, key=lambda run: str(run["name"]))

    eventually(lambda: seen() == wanted, "a run of each schedule")


def test_a_secret_is_read_when_an_operator_has_set_it(bazaar: Deployed) -> None:
    assert bazaar.ask("bank", "GET", "/bank/ledger-key").status == 500
    _, program = platforms.load(BAZAAR)
    cloud.Cloud(bazaar.stage).secrets(program.model).write("bank.ledger-key", "canary")
    answer = bazaar.ask("bank", "GET", "/bank/ledger-key")
    assert answer.json() == hashlib.sha256(b"canary").hexdigest()[:8]


def test_every_resource_of_the_templates_was_made(bazaar: Deployed) -> None:
    project, program = platforms.load(BAZAAR)
    stacks = bazaar.client("cloudformation")
    for request in cloud.shipment(project, program, bazaar.stage, []).services:
        wanted = {
            name: one["Type"] for name, one in json.loads(request.template)["Resources"].items()
        }
        made = stacks.describe_stack_resources(StackName=request.name)["StackResources"]
        assert {one["LogicalResourceId"]: one["ResourceType"] for one in made} == wanted


def _ring(bazaar: Deployed, function: str) -> str:
    """Put the message of a schedule on its target; the id of the run."""
    schedule = bazaar.client("scheduler").get_schedule(
        Name=f"bazaar_{bazaar.stage.name}_bank_{function}"
    )
    assert schedule["State"] == "ENABLED"
    text = schedule["Target"]["Input"].replace("<aws.scheduler.scheduled-time>", TIME)
    queues, queue = bazaar.client("sqs"), schedule["Target"]["Arn"].rpartition(":")[2]
    queues.send_message(
        QueueUrl=queues.get_queue_url(QueueName=queue)["QueueUrl"], MessageBody=text
    )
    message = envelopes.unwrapped(text)
    assert message.id == f"bank.{function}@{TIME}"
    return message.id
