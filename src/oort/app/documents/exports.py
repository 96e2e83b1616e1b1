"""The events of a program in the words of others: envelopes as CloudEvents has them, and entries of EventBridge's registry.

The command line prints them. Every version counts that is published, consumed, or converted to or from, and each has an
example that was made as a real message is. The document for AsyncAPI is `asyncapi`'s.
"""

from dataclasses import dataclass
from typing import cast

import msgspec

from oort.app.documents import declared_contracts
from oort.app.handles import events
from oort.app.handles.events import Event
from oort.app.programs import Program
from oort.model.contracts import DeclaredEvent
from oort.model.errors import InvalidProgram, InvalidValue
from oort.model.items import Value
from oort.model.messages import Message, Older
from oort.model.sources import Mistake
from oort.rules.events import envelope_schemas, registries
from oort.rules.messaging import envelopes
from oort.rules.types import opening
from oort.rules.types.schema_keywords import Schema

_ID = "01890a5d-ac96-774b-bcce-b302099a8057"
_TRACE = (
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"  # the example of W3C Trace Context
)
_SENT = 1767268800.0  # 2026-01-01T12:00:00Z


@dataclass(frozen=True, slots=True)
class Exported:
    """One version of an event: what is declared of it, its class, and a message of it."""

    declared: DeclaredEvent
    kind: type[Event]
    message: Message

    @property
    def schema(self) -> Schema:
        """The schema of the whole envelope, closed around what the event says."""
        one = self.declared
        older = [told.version for told in self.message.older]
        data = one.revision.writer
        return envelope_schemas.schema(
            one.event, one.version, oldest=one.compatible, older=older, data=data
        )

    @property
    def data(self) -> Value:
        """An example of what the event says."""
        return cast(Value, msgspec.json.decode(self.message.body))

    @property
    def envelope(self) -> Value:
        """The example in its envelope."""
        return cast(Value, msgspec.json.decode(envelopes.wrapped(self.message)))


def versions(program: Program) -> tuple[Exported, ...]:
    """Every version of every event. InvalidProgram for a type without a JSON Schema or an example."""
    kinds = declared_contracts.kinds(program)
    example = declared_contracts.example(kinds)
    found = declared_contracts.declared(program).events
    return tuple(
        Exported(found[key], kind, _message(kind, *example(key))) for key, kind in kinds.items()
    )


def cloudevents(program: Program) -> list[Value]:
    """For each version the JSON Schema of what is on the wire, and an example of it."""
    return [
        {
            "event": one.declared.event,
            "version": one.declared.version,
            "contentType": envelope_schemas.CONTENT_TYPE,
            "schema": one.schema,
            "example": one.envelope,
        }
        for one in versions(program)
    ]


def eventbridge(program: Program) -> list[Value]:
    """For each version what `aws schemas create-schema` takes: a schema of what the event says, without its envelope.

    InvalidProgram for what JSON Schema draft 4 cannot say.
    """
    return [
        _entry(one, program.model.name)
        for one in declared_contracts.declared(program).events.values()
    ]


def _entry(one: DeclaredEvent, registry: str) -> Schema:
    try:
        return registries.entry(
            one.event, one.version, registry=registry, writer=one.revision.writer
        )
    except InvalidValue as error:
        what = f"{one.event} version {one.version}: {error.what}"
        raise InvalidProgram(
            [Mistake(one.source, "contract.export", what, error.instead)]
        ) from None


def _message(kind: type[Event], example: Value) -> Message:
    """The message that publishing the example makes; its conversions are run."""
    try:
        return events.stamped(opening.decode(kind, msgspec.json.encode(example)), _stamp)
    except Exception as error:  # conversions are the user's own
        what = f"{kind.__name__}: its example cannot be published: {type(error).__name__}: {error}"
        instead = 'Give its fields examples that can be converted: Annotated[..., Meta(examples=["..."])].'
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
