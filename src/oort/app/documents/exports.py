"""Exports of a program's events: CloudEvents envelopes and entries of EventBridge's registry.

The command line prints them. Every version that is published, consumed or converted is exported,
with an example that is built like a real message. The AsyncAPI document is in `asyncapi`.
"""

from dataclasses import dataclass
from typing import cast

import msgspec

from oort.app.documents import declared_contracts
from oort.app.handles import codecs, events
from oort.app.handles.events import Event
from oort.app.programs import Program
from oort.model.contracts import DeclaredEvent
from oort.model.errors import InvalidProgram, InvalidValue, Mistake
from oort.model.items import Value
from oort.model.messages import Message, Older
from oort.rules.events import envelope_schemas, registries
from oort.rules.messaging import envelopes
from oort.rules.schemas.schema_keywords import Schema

_ID = "01890a5d-ac96-774b-bcce-b302099a8057"
# The example of W3C Trace Context.
_TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
_SENT = 1767268800.0  # 2026-01-01T12:00:00Z


@dataclass(frozen=True, slots=True)
class Exported:
    """A version of an event: its contract, its class and an example message."""

    declared: DeclaredEvent
    kind: type[Event]
    message: Message

    @property
    def schema(self) -> Schema:
        """Return the schema of the complete envelope, closed around the writer schema."""
        contract = self.declared
        older = [form.version for form in self.message.older]
        data = contract.revision.writer
        return envelope_schemas.schema(
            contract.event, contract.version, oldest=contract.compatible, older=older, data=data
        )

    @property
    def data(self) -> Value:
        """Return an example of the event's body."""
        return cast(Value, msgspec.json.decode(self.message.body))

    @property
    def envelope(self) -> Value:
        """Return the example in its envelope."""
        return cast(Value, msgspec.json.decode(envelopes.wrapped(self.message)))


def versions(program: Program) -> tuple[Exported, ...]:
    """Return every version of every event.

    Raises InvalidProgram for a type without a JSON Schema or an example.
    """
    kinds = declared_contracts.kinds(program)
    example = declared_contracts.example(kinds)
    contracts = declared_contracts.declared(program).events
    return tuple(
        Exported(contracts[key], kind, _message(kind, *example(key))) for key, kind in kinds.items()
    )


def cloudevents(program: Program) -> list[Value]:
    """Return the JSON Schema of the sent envelope and an example, for each version."""
    return [
        {
            "event": version.declared.event,
            "version": version.declared.version,
            "contentType": envelope_schemas.CONTENT_TYPE,
            "schema": version.schema,
            "example": version.envelope,
        }
        for version in versions(program)
    ]


def eventbridge(program: Program) -> list[Value]:
    """Return the arguments of `aws schemas create-schema` for each version.

    The schema describes the event without its envelope. Raises InvalidProgram for a type that JSON
    Schema draft 4 cannot describe.
    """
    return [
        _entry(contract, program.model.name)
        for contract in declared_contracts.declared(program).events.values()
    ]


def _entry(contract: DeclaredEvent, registry: str) -> Schema:
    try:
        return registries.entry(
            contract.event, contract.version, registry=registry, writer=contract.revision.writer
        )
    except InvalidValue as error:
        what = f"{contract.event} version {contract.version}: {error.what}"
        raise InvalidProgram(
            [Mistake(contract.source, "contract.export", what, error.instead)]
        ) from None


def _message(kind: type[Event], example: Value) -> Message:
    """Return the message that publishing the example makes; its downcasts are run."""
    try:
        return events.stamped(cast(Event, codecs.read(msgspec.json.encode(example), kind)), _stamp)
    except Exception as error:  # a downcast is the user's code
        what = f"{kind.__name__}: its example cannot be published: {type(error).__name__}: {error}"
        instead = (
            "Give the fields examples that the downcasts accept: "
            'Annotated[..., Meta(examples=["..."])].'
        )
        raise InvalidProgram(
            [Mistake(kind.__oort__.model.source, "contract.example", what, instead)]
        ) from error


def _stamp(
    *, name: str, body: bytes, key: str, version: int, oldest: int, older: tuple[Older, ...]
) -> Message:
    return Message(
        id=_ID,
        name=name,
        body=body,
        version=version,
        key=key,
        traceparent=_TRACE,
        sent=_SENT,
        oldest=oldest,
        older=older,
    )
