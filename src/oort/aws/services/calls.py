"""The Calls port on AWS: invokes the alias of the answering function and waits for its reply."""

from collections.abc import Mapping
from typing import Protocol, TypedDict, cast

import msgspec

from oort.aws.clients import Clients
from oort.aws.failures import ask
from oort.model.operations import Answered, CallFunction, Objected
from oort.rules.cloud.cloud_names import Location
from oort.rules.messaging import calls as rules


class _Payload(Protocol):
    def read(self) -> bytes: ...


class _Response(TypedDict, total=False):
    Payload: _Payload
    FunctionError: str


class _Lambda(Protocol):
    def invoke(self, **request: object) -> _Response: ...


class CallEvent(msgspec.Struct, frozen=True, tag="call", tag_field="oort"):
    """The event of the answering function. The body is JSON, so it travels as text."""

    body: str
    traceparent: str = ""


class CallReply(msgspec.Struct, frozen=True):
    """The reply of the answering function."""

    result: Answered | Objected


_reply = msgspec.json.Decoder(CallReply)


class Calls:
    """See `ports.calls`. `answers` names the function that answers each call."""

    def __init__(self, clients: Clients, *, answers: Mapping[str, str], location: Location) -> None:
        self._clients = clients
        self._answers = answers
        self._location = location

    def call(self, operation: CallFunction) -> Answered | Objected:
        """Invoke the function and wait. Lambda itself ends a function that exceeds its time-out."""
        name = self._answers.get(operation.call)
        if name is None:
            return rules.unanswered(operation.call)
        event = CallEvent(operation.body.decode(), operation.traceparent)
        request = {
            "FunctionName": self._location.function_arn(name),
            "InvocationType": "RequestResponse",
            "Payload": msgspec.json.encode(event),
        }
        client = cast(_Lambda, self._clients.get("lambda"))
        response = ask(client.invoke, request, doing=f"calling {operation.call}")
        data = response["Payload"].read()
        if response.get("FunctionError"):
            return Objected(
                _status(data), "CallFailed", f"{operation.call} was not answered; its log says why."
            )
        return _reply.decode(data).result


def _status(data: bytes) -> int:
    """504 for a time-out, 502 for a crash."""
    return 504 if b"Task timed out" in data else 502
