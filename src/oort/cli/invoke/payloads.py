"""Reads what `oort invoke --event` is given: a request for a route, or messages for a consumer. It says what fits if that does not."""

import sys
from pathlib import Path
from types import NoneType
from typing import Annotated
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Meta

from oort.app.declaring.signatures import MessageParameter, ValueParameter
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
    """A request as the file has it. Everything may be left out; `user` and `groups` say who calls."""

    path: dict[str, Scalar] = {}
    query: dict[str, Scalar | list[Scalar]] = {}
    headers: dict[str, str] = {}
    body: msgspec.Raw = msgspec.Raw()
    user: Annotated[str, Meta(min_length=1)] | None = None
    groups: list[str] = []


def read(file: str) -> bytes:
    """The bytes of the file, or of stdin for `-`."""
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise UnreadableInput(
            f"{file} cannot be read: {error.strerror}.", "Name a JSON file, or - for stdin."
        ) from error


def request(data: bytes, function: Function) -> tuple[RequestEvent, HttpRequest]:
    """The event, and the request for the function's route; without who calls. UnreadableInput if it does not fit."""
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
    """The JSON of each message in the data: one, or a list of them. UnreadableInput if one does not fit the function."""
    try:
        parsed: object = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unfit(function, str(error)) from error
    bodies = [
        msgspec.json.encode(one) for one in (parsed if isinstance(parsed, list) else [parsed])
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
    """The message that the function would be handed for the body."""
    whole = Message(id=id, name=_name(function), body=body, version=_version(function), sent=sent)
    if function.event is None:
        return whole
    event = invoke.read(function, _message_parameter(function), whole)
    return msgspec.structs.replace(
        whole, key=str(getattr(event, function.event.__oort__.model.key))
    )


def expected(function: Function) -> str:
    """An event that fits the function, as JSON."""
    trigger = function.model.trigger
    if not isinstance(trigger, Http):
        return _pretty(examples.example(_message_parameter(function).kind))
    found: dict[str, object] = {}
    for one in function.signature.parameters:
        if not isinstance(one, ValueParameter) or not (
            one.required or one.place in ("path", "body")
        ):
            continue
        if one.place == "body":
            found["body"] = examples.example(one.kind)
        else:
            place = found.setdefault("headers" if one.place == "header" else one.place, {})
            assert isinstance(place, dict)
            place[one.wire] = examples.example(one.kind)
    if not trigger.public:
        found["user"] = "ada"
        if trigger.groups:
            found["groups"] = list(trigger.groups[:1])
    return _pretty(found)


def _unfit(function: Function, why: str) -> UnreadableInput:
    try:
        instead = f"One that does:\n{expected(function)}"
    except InvalidValue:  # one of its types has no example
        instead = f"{function.model.source} says what does."
    return UnreadableInput(f"The event does not fit {function.model.name}: {why}.", instead)


def _pretty(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _parameters(path: str) -> list[str]:
    return [name for part in routing.segments(path) if (name := routing.parameter(part))]


def _segment(part: str, values: dict[str, Scalar]) -> str:
    name = routing.parameter(part)
    return quote(_text(values[name]) if name else part, safe="")


def _texts(value: Scalar | list[Scalar]) -> list[str]:
    return [_text(one) for one in (value if isinstance(value, list) else [value])]


def _text(value: Scalar) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _message_parameter(function: Function) -> MessageParameter:
    """What the function consumes. A scheduled one takes no message: its event is null."""
    nothing = MessageParameter("", NoneType)
    return next(
        (one for one in function.signature.parameters if isinstance(one, MessageParameter)), nothing
    )


def _name(function: Function) -> str:
    """What its messages are called."""
    trigger = function.model.trigger
    name: str = (
        trigger.event
        if isinstance(trigger, Subscription)
        else getattr(trigger, "queue", function.model.name)
    )
    return name


def _version(function: Function) -> int:
    return 1 if function.event is None else function.event.__oort__.model.version
