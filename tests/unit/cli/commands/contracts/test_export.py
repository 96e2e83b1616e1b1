"""`oort contracts export`: the events in every form, each held against what its own world says of it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
from openapi_spec_validator import validate

from oort.app.declaring import versions
from oort.app.handles.events import Event
from oort.cli.wiring import platforms
from oort.rules.messaging import envelopes
from tests.unit.cli.asyncapi_shape import DOCUMENT
from tests.unit.cli.shops import run, shop
from tests.unit.contracted import platform

COMETBID = "apps/cometbid"
FORMS = ("jsonschema", "asyncapi", "openapi", "cloudevents", "eventbridge")
VERSIONS = [("orders.placed", 1), ("orders.placed", 2), ("orders.placed", 3), ("stock.emptied", 1)]
# The official schema, but smaller; the file says in which way.
ASYNCAPI = jsonschema_rs.validator_for(DOCUMENT)


def exported(folder: Path | str, *words: str) -> Any:
    result = run("contracts", "export", folder, *words)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def contracted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return platform(tmp_path_factory.mktemp("contracted"))


def test_every_event_is_printed_with_schemas_that_can_be_used() -> None:
    found = {(one["event"], one["version"]): one for one in exported(COMETBID)}
    assert set(found) == {
        ("accounts.closed", 1),
        ("accounts.email-changed", 1),
        ("accounts.signed-up", 1),
    }
    signed_up = found["accounts.signed-up", 1]
    assert signed_up["consumers"] == [
        "analytics.count",
        "email.welcome",
        "onboarding.first_workspace",
    ]
    assert signed_up["file"].endswith("contracts/accounts.py")
    document = {"account_id": "1", "email": "a@b.no", "country": "NO"}
    assert jsonschema_rs.is_valid(signed_up["writer"], document)
    assert not jsonschema_rs.is_valid(signed_up["writer"], {**document, "new": 1})
    assert jsonschema_rs.is_valid(signed_up["reader"], {**document, "new": 1})


def test_json_schema_is_what_is_printed_without_a_word() -> None:
    assert exported(COMETBID) == exported(COMETBID, "--jsonschema")


def test_two_forms_at_once_are_a_usage_error() -> None:
    result = run("contracts", "export", COMETBID, "--openapi", "--asyncapi")
    assert result.exit_code == 64
    assert "--openapi and --asyncapi are different formats: choose one of them." in result.stderr
    assert result.stdout == ""


def test_openapi_is_the_document_of_all_services() -> None:
    found = exported(COMETBID, "--openapi")
    validate(found)
    assert found == json.loads(run("routes", COMETBID, "--openapi").stdout)


def test_asyncapi_has_the_shape_that_its_specification_asks_for(contracted: Path) -> None:
    for folder in (COMETBID, contracted):
        assert [
            f"{one.instance_path}: {one.message}"
            for one in ASYNCAPI.iter_errors(exported(folder, "--asyncapi"))
        ] == []
    assert not ASYNCAPI.is_valid(
        {**exported(COMETBID, "--asyncapi"), "channels": {"a": {"adress": "a"}}}
    )


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (one for word, one in value.items() if word == "$ref" and isinstance(one, str))
        for one in value.values():
            yield from references(one)
    if isinstance(value, list):
        for one in value:
            yield from references(one)


def test_every_reference_of_asyncapi_leads_somewhere(contracted: Path) -> None:
    document = exported(contracted, "--asyncapi")
    found = set(references(document))
    assert "#/components/schemas/orders.placed.v3.Line" in found
    for reference in found:
        place = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_asyncapi_has_a_channel_an_event_and_a_message_a_version(contracted: Path) -> None:
    document = exported(contracted, "--asyncapi")
    assert document["asyncapi"] == "3.0.0"
    assert document["info"]["title"] == "shop"
    channels = {name: list(channel["messages"]) for name, channel in document["channels"].items()}
    assert channels == {"orders.placed": ["v1", "v2", "v3"], "stock.emptied": ["v1"]}
    message = document["components"]["messages"]["orders.placed.v1"]
    assert message["summary"] == "An order came in."
    assert message["contentType"] == "application/cloudevents+json"


def test_asyncapi_says_who_sends_and_who_receives_what(contracted: Path) -> None:
    operations = exported(contracted, "--asyncapi")["operations"]
    told = {
        name: [reference["$ref"].rpartition("/")[2] for reference in one["messages"]]
        for name, one in operations.items()
    }
    assert told == {
        "orders.place.send.orders.placed": ["v3"],
        "stock.reserve.send.stock.emptied": ["v1"],
        "stock.count.receive.orders.placed": ["v1", "v3"],  # version 3 carries version 1
        "stock.reserve.receive.orders.placed": ["v1", "v2", "v3"],  # converted
    }
    assert operations["orders.place.send.orders.placed"]["action"] == "send"
    assert operations["orders.place.send.orders.placed"]["tags"] == [{"name": "orders"}]


def test_the_examples_of_asyncapi_fit_their_payloads(contracted: Path) -> None:
    document = exported(contracted, "--asyncapi")
    for message in document["components"]["messages"].values():
        # draft 7 is what AsyncAPI's own schemas are
        payload = {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "components": document["components"],
        }
        judge = jsonschema_rs.validator_for({**payload, "allOf": [message["payload"]]})
        (example,) = message["examples"]
        assert judge.is_valid(example["payload"]), message["title"]
        assert not judge.is_valid({**example["payload"], "data": {}})


def test_cloudevents_describes_what_is_on_the_wire(contracted: Path) -> None:
    found = exported(contracted, "--cloudevents")
    assert [(one["event"], one["version"]) for one in found] == VERSIONS
    for one in found:
        judge = jsonschema_rs.validator_for(one["schema"])
        assert judge.is_valid(one["example"]), one["event"]
        assert not judge.is_valid({**one["example"], "type": "other.event"})
        assert not judge.is_valid({**one["example"], "data": {**one["example"]["data"], "new": 1}})
    third = found[2]["example"]
    assert (third["schemaversion"], third["schemaoldest"]) == (3, 2)
    assert json.loads(third["olderdata"]) == {"1": {"id": "id", "price": 1.0}}


def test_an_example_of_cloudevents_is_a_message_that_consumers_read(contracted: Path) -> None:
    _, program = platforms.load(contracted)
    for one in exported(contracted, "--cloudevents"):
        message = envelopes.unwrapped(json.dumps(one["example"]))
        for kind in (
            function.event for function in program.functions.values() if function.event is not None
        ):
            known = kind.__oort__.model
            if known.name == message.name and (known.version, message.version) != (
                1,
                2,
            ):  # nothing leads down from 2
                assert isinstance(versions.read(kind, message), Event)


def test_eventbridge_is_what_the_client_of_aws_takes(contracted: Path) -> None:
    service = ServiceModel(Loader().load_service_model("schemas", "service-2"))
    shape = service.operation_model("CreateSchema").input_shape
    found = exported(contracted, "--eventbridge")
    wire = exported(contracted, "--cloudevents")
    assert [one["SchemaName"] for one in found] == [
        "orders@placed-v1", "orders@placed-v2", "orders@placed-v3", "stock@emptied-v1",
    ]  # fmt: skip
    for one, described in zip(found, wire, strict=True):
        report = ParamValidator().validate(one, shape)
        assert not report.has_errors(), report.generate_report()
        assert re.fullmatch(r"[a-z0-9-]+@[a-z0-9-]+-v\d+", one["SchemaName"])
        assert one["RegistryName"] == "shop"
        content = json.loads(one["Content"])
        assert jsonschema_rs.meta.is_valid(content)
        assert jsonschema_rs.is_valid(content, described["example"]["data"])
        assert not jsonschema_rs.is_valid(content, {**described["example"]["data"], "new": 1})


HEAD = """
from typing import Annotated
import msgspec
from oort import Event, Publish, Service, downcast, event

orders = Service("orders")
"""
TAIL = """

@orders.get("/", public=True)
def sell(out: Publish[Sold]) -> None: ...
"""


def test_what_draft_4_cannot_say_is_refused_with_its_place(tmp_path: Path) -> None:
    words = (
        'Annotated[list[int], msgspec.Meta(extra_json_schema={"contains": {}, "minContains": 2})]'
    )
    source = f'{HEAD}@event("orders.sold", version=1, key="id")\nclass Sold(Event):\n    id: str\n    sizes: {words}\n{TAIL}'
    folder = shop(tmp_path, source)
    result = run("contracts", "export", folder, "--eventbridge")
    assert result.exit_code == 1
    assert (
        "orders.py:7: orders.sold version 1: The older draft of JSON Schema cannot express minContains"
        in result.stderr
    )
    assert "/$defs/Sold/properties/sizes/minContains" in result.stderr
    assert run("contracts", "export", folder, "--cloudevents").exit_code == 0


def test_an_example_that_cannot_be_converted_is_refused_with_its_place(tmp_path: Path) -> None:
    events = """
@event("orders.sold", version=1, key="id")
class SoldV1(Event):
    id: str
    size: int

@event("orders.sold", version=2, key="id")
class Sold(Event):
    id: str
    size: str

@downcast
def in_numbers(new: Sold) -> SoldV1:
    return SoldV1(id=new.id, size=int(new.size))
"""
    result = run("contracts", "export", shop(tmp_path, HEAD + events + TAIL), "--asyncapi")
    assert result.exit_code == 1
    assert "orders.py:13: Sold: its example cannot be published: ValueError" in result.stderr
    assert "examples" in result.stderr


def test_a_platform_without_events_has_documents_without_any(tmp_path: Path) -> None:
    folder = shop(
        tmp_path, f"{HEAD}\n@orders.get('/', public=True)\ndef hello() -> str:\n    return ''\n"
    )
    assert [
        exported(folder, f"--{form}") for form in ("jsonschema", "cloudevents", "eventbridge")
    ] == [[], [], []]
    document = exported(folder, "--asyncapi")
    assert ASYNCAPI.is_valid(document)
    assert document["channels"] == document["operations"] == {}


@pytest.mark.parametrize("form", FORMS)
def test_every_process_prints_the_same_bytes(contracted: Path, form: str) -> None:
    command = [
        sys.executable,
        "-m",
        "oort.cli",
        "contracts",
        "export",
        str(contracted),
        f"--{form}",
    ]
    printed = {
        subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1
    assert printed != {b""}
