"""Read the file of `oort invoke --event`: a request for a route, or messages for a consumer.

An error shows an example that fits.
"""

import sys
from pathlib import Path
from types import NoneType
from typing import Annotated
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Meta

from oort.app.declaring.parameters import MessageParameter, ValueParameter
from oort.app.programs import Function
from oort.cli.errors import UnreadableInput
from oort.model.errors import InvalidUse, InvalidValue, Unreadable
from oort.model.functions import Http, Subscription
from oort.model.http import HttpRequest
from oort.model.messages import Message
from oort.rules.http import routing
from oort.rules.types import examples
from oort.runtime import invoke

Scalar = str | int | float | bool


class RequestEvent(msgspec.Struct, forbid_unknown_fields=True):
    """A request in the file. All members are optional; `user` and `groups` describe the caller."""

    path: dict[str, Scalar] = {}
    query: dict[str, Scalar | list[Scalar]] = {}
    headers: dict[str, str] = {}
    body: msgspec.Raw = msgspec.Raw()
    user: Annotated[str, Meta(min_length=1)] | None = None
    groups: list[str] = []


def read(file: str) -> bytes:
    """Read the file, or stdin for `-`."""
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise UnreadableInput(
            f"{file} cannot be read: {error.strerror}.", "Name a JSON file, or - for stdin."
        ) from error


def request(data: bytes, function: Function) -> tuple[RequestEvent, HttpRequest]:
    """Return the event and its request, without the caller. UnreadableInput if it does not fit the
    route."""
    trigger = function.model.trigger
    assert isinstance(trigger, Http)
    try:
        event = msgspec.json.decode(data, type=RequestEvent)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _unfit(function, str(error)) from error
    missing = [name for name in _parameters(trigger.path) if name not in event.path]
    if missing:
        raise _unfit(function, f"path has no {missing[0]!r}")
    path = "/" + "/".join(_segment(part, event.path) for part in routing.segments(trigger.path))
    query = urlencode(
        [(name, text) for name, value in event.query.items() for text in _texts(value)]
    )
    headers = {name.lower(): value for name, value in event.headers.items()}
    return event, HttpRequest(trigger.method, path, query, headers)


def messages(data: bytes, function: Function) -> list[bytes]:
    """Return the JSON of each message: the data holds a message or a list of messages.

    UnreadableInput if one does not fit the function.
    """
    try:
        parsed: object = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unfit(function, str(error)) from error
    bodies = [
        msgspec.json.encode(entry) for entry in (parsed if isinstance(parsed, list) else [parsed])
    ]
    if not bodies:
        raise _unfit(function, "the list is empty")
    parameter = _message_parameter(function)
    for body in bodies:
        try:
            invoke.read(
                function,
                parameter,
                Message(id="", name=_name(function), body=body, version=_version(function)),
            )
        except (Unreadable, InvalidUse) as error:
            raise _unfit(function, str(error.__cause__ or error)) from error
    return bodies


def message(body: bytes, function: Function, *, id: str, sent: float) -> Message:
    """Return the message that the function would receive with this body."""
    received = Message(
        id=id, name=_name(function), body=body, version=_version(function), sent=sent
    )
    if function.event is None:
        return received
    event = invoke.read(function, _message_parameter(function), received)
    return msgspec.structs.replace(
        received, key=str(getattr(event, function.event.__oort__.model.key))
    )


def expected(function: Function) -> str:
    """Return an event that fits the function, as JSON."""
    trigger = function.model.trigger
    if not isinstance(trigger, Http):
        return _pretty(examples.example(_message_parameter(function).kind))
    example: dict[str, object] = {}
    for parameter in function.signature.parameters:
        if not isinstance(parameter, ValueParameter) or not (
            parameter.required or parameter.place in ("path", "body")
        ):
            continue
        if parameter.place == "body":
            example["body"] = examples.example(parameter.kind)
        else:
            place = example.setdefault(
                "headers" if parameter.place == "header" else parameter.place, {}
            )
            assert isinstance(place, dict)
            place[parameter.wire] = examples.example(parameter.kind)
    if not trigger.public:
        example["user"] = "ada"
        if trigger.groups:
            example["groups"] = list(trigger.groups[:1])
    return _pretty(example)


def _unfit(function: Function, why: str) -> UnreadableInput:
    try:
        instead = f"An example that fits:\n{expected(function)}"
    except InvalidValue:  # one of its types has no example
        instead = f"See its parameters at {function.model.source}."
    return UnreadableInput(f"The event does not fit {function.model.name}: {why}.", instead)


def _pretty(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _parameters(path: str) -> list[str]:
    return [name for part in routing.segments(path) if (name := routing.parameter(part))]


def _segment(part: str, values: dict[str, Scalar]) -> str:
    name = routing.parameter(part)
    return quote(_text(values[name]) if name else part, safe="")


def _texts(value: Scalar | list[Scalar]) -> list[str]:
    return [_text(scalar) for scalar in (value if isinstance(value, list) else [value])]


def _text(value: Scalar) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _message_parameter(function: Function) -> MessageParameter:
    """The parameter for the message. A scheduled function has none: its event is null."""
    no_message = MessageParameter("", NoneType)
    return next(
        (
            parameter
            for parameter in function.signature.parameters
            if isinstance(parameter, MessageParameter)
        ),
        no_message,
    )


def _name(function: Function) -> str:
    trigger = function.model.trigger
    name: str = (
        trigger.event
        if isinstance(trigger, Subscription)
        else getattr(trigger, "queue", function.model.name)
    )
    return name


def _version(function: Function) -> int:
    if function.event is None:
        return len(function.upgrades) + 1
    return function.event.__oort__.model.version
