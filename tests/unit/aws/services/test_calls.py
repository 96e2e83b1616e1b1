"""A declared call invokes the alias of the function that answers it, and tells what it said, or that it did not."""

import io
import json

import msgspec
import pytest

from oort.aws.services.calls import CallReply, Calls
from oort.model.errors import CloudRefused
from oort.model.operations import Answered, CallFunction, Objected
from oort.rules.cloud.cloud_names import Location
from tests.unit.aws.scripted import clients, refused

PLACE = Location("shop", "prod", "aws", "eu-north-1", "1")
ANSWERS = {"billing.charge": "billing.collect"}
ASKED = CallFunction("billing.charge", b'{"cents":1}', "00-a-b-01")


def answered(reply: object) -> dict[str, object]:
    return {"Payload": io.BytesIO(msgspec.json.encode(reply))}


@pytest.mark.parametrize(
    "result", [Answered(b'{"id":"1"}'), Objected(409, "Taken", "no", b'{"a":1}')]
)
def test_what_it_says_comes_back(result: Answered | Objected) -> None:
    made, client = clients(invoke=[answered(CallReply(result))])
    assert Calls(made, answers=ANSWERS, location=PLACE).call(ASKED) == result
    ((_, request),) = client.asked
    assert (
        request["FunctionName"]
        == "arn:aws:lambda:eu-north-1:1:function:shop_prod_billing_collect:live"
    )
    assert json.loads(str(request["Payload"], "utf-8")) == {  # type: ignore[call-overload]
        "oort": "call", "body": '{"cents":1}', "traceparent": "00-a-b-01"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("said", "status"), [("Task timed out after 3.00 seconds", 504), ("Runtime exited", 502)]
)
def test_a_function_that_ends_without_an_answer_is_an_objection(said: str, status: int) -> None:
    made, _ = clients(invoke=[{**answered({"errorMessage": said}), "FunctionError": "Unhandled"}])
    result = Calls(made, answers=ANSWERS, location=PLACE).call(ASKED)
    assert isinstance(result, Objected)
    assert (result.status, result.kind) == (status, "CallFailed")


def test_a_call_that_nobody_answers_is_an_objection() -> None:
    made, _ = clients()
    result = Calls(made, answers={}, location=PLACE).call(ASKED)
    assert isinstance(result, Objected)
    assert result.status == 502


def test_a_call_that_is_not_permitted_is_an_error() -> None:
    made, _ = clients(invoke=[refused("AccessDeniedException")])
    with pytest.raises(CloudRefused, match=r"calling billing\.charge"):
        Calls(made, answers=ANSWERS, location=PLACE).call(ASKED)
