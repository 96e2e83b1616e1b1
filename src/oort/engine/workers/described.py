"""The description of a version that another process has loaded: its model, as one message.

The models have no tags, so each kind of resource and of trigger has a list of its own.
"""

import socket
import struct
from collections.abc import Iterator
from datetime import timedelta

import msgspec

from oort.model.errors import Source
from oort.model.functions import (
    Answer,
    FunctionModel,
    Grant,
    Http,
    Subscription,
    Timer,
    Trigger,
    Worker,
)
from oort.model.platform import PlatformModel, ServiceModel
from oort.model.resources import (
    CallModel,
    EventModel,
    QueueModel,
    Resource,
    SecretModel,
    TableModel,
)

_LENGTH = struct.Struct("<I")
_LARGEST = 64 * 1024 * 1024


class _Function(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    grants: tuple[Grant, ...]
    timeout: timedelta
    description: str
    source: Source
    latency_sensitive: bool = False
    http: Http | None = None
    subscription: Subscription | None = None
    worker: Worker | None = None
    timer: Timer | None = None
    answer: Answer | None = None


class _Service(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    cors: tuple[str, ...]
    functions: tuple[_Function, ...]
    tables: tuple[TableModel, ...]
    queues: tuple[QueueModel, ...]
    events: tuple[EventModel, ...]
    calls: tuple[CallModel, ...]
    secrets: tuple[SecretModel, ...]


class Described(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The model of a loaded version."""

    name: str
    services: tuple[_Service, ...]


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The reason why a version could not be loaded."""

    what: str
    instead: str = ""


Description = Described | Refused


def described(platform: PlatformModel) -> Described:
    """Return the description of a model."""
    return Described(name=platform.name, services=tuple(map(_service, platform.services)))


def model(description: Described) -> PlatformModel:
    """Return the model of a description."""
    services = (
        ServiceModel(
            name=service.name,
            resources=tuple(_resources(service)),
            functions=tuple(_function(function, service.name) for function in service.functions),
            cors=service.cors,
        )
        for service in description.services
    )
    return PlatformModel(description.name, tuple(services))


def send(connection: socket.socket, description: Description) -> None:
    """Send the description, before any other message."""
    data = msgspec.msgpack.encode(description)
    connection.sendall(_LENGTH.pack(len(data)) + data)


def receive(connection: socket.socket) -> Description | None:
    """Return the description; None if the other process has ended. Raises TimeoutError.

    ValueError if it is no description.
    """
    head = _exactly(connection, _LENGTH.size)
    if head is None:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > _LARGEST:
        raise ValueError("The description of a version is too long.")
    data = _exactly(connection, length)
    if data is None:
        return None
    return msgspec.msgpack.decode(data, type=Described | Refused)


def _exactly(connection: socket.socket, length: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < length:
        try:
            part = connection.recv(length - len(parts))
        except ConnectionError:
            return None
        if not part:
            return None
        parts += part
    return bytes(parts)


def _service(service: ServiceModel) -> _Service:
    return _Service(
        name=service.name,
        cors=service.cors,
        functions=tuple(map(_described, service.functions)),
        tables=service.tables,
        queues=service.queues,
        events=service.events,
        calls=tuple(service.of(CallModel)),
        secrets=tuple(service.of(SecretModel)),
    )


def _resources(service: _Service) -> Iterator[Resource]:
    yield from service.tables
    yield from service.queues
    yield from service.events
    yield from service.calls
    yield from service.secrets


def _described(function: FunctionModel) -> _Function:
    trigger = function.trigger
    return _Function(
        name=function.name,
        grants=function.grants,
        timeout=function.timeout,
        description=function.description,
        source=function.source,
        latency_sensitive=function.latency_sensitive,
        http=trigger if isinstance(trigger, Http) else None,
        subscription=trigger if isinstance(trigger, Subscription) else None,
        worker=trigger if isinstance(trigger, Worker) else None,
        timer=trigger if isinstance(trigger, Timer) else None,
        answer=trigger if isinstance(trigger, Answer) else None,
    )


def _function(function: _Function, service: str) -> FunctionModel:
    triggers: tuple[Trigger | None, ...] = (
        function.http, function.subscription, function.worker, function.timer, function.answer
    )  # fmt: skip
    trigger = next((trigger for trigger in triggers if trigger is not None), None)
    if trigger is None:
        raise ValueError(f"{function.name} has no trigger.")
    return FunctionModel(
        name=function.name,
        service=service,
        trigger=trigger,
        grants=function.grants,
        timeout=function.timeout,
        description=function.description,
        source=function.source,
        latency_sensitive=function.latency_sensitive,
    )
