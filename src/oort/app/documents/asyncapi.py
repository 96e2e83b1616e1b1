"""The AsyncAPI 3.0 document of a program: a channel for each event, a message for each version, and who sends and receives it.

What a message holds is told by what is written, since that is what is on the wire: the whole CloudEvents envelope, closed
around the event. Where a topic or a queue is depends on the stage, so the document names no servers. The same program gives
the same bytes. Its twin for routes is `openapi`.
"""

import hashlib
import inspect
from collections.abc import Iterable, Iterator
from typing import cast

import msgspec

from oort.app.documents import exports
from oort.app.documents.exports import Exported
from oort.app.programs import Program
from oort.model.contracts import DeclaredEvent
from oort.model.items import Value
from oort.rules.events import envelope_schemas
from oort.rules.types import drafts
from oort.rules.types.schema_keywords import Schema

_TOLD = (
    "Events travel as CloudEvents 1.0 in structured JSON. Each schema is that of the writer: what is in `data` has these "
    "members and no others. Those who read should pass over members that they do not know."
)
_SCHEMAS = "#/components/schemas/"


def document(program: Program) -> Schema:
    """The document. Raises InvalidProgram, with file and line, for an event that cannot be described."""
    versions = exports.versions(program)
    components = {_name(one.declared): _payload(one) for one in versions}
    written: Schema = {
        "defaultContentType": envelope_schemas.CONTENT_TYPE,
        "channels": _channels(versions),
        "operations": dict(_operations(program, [one.declared for one in versions])),
        "components": {
            "messages": {
                _name(one.declared): _message(one, components[_name(one.declared)][0])
                for one in versions
            },
            "schemas": {
                name: one for _, schemas in components.values() for name, one in schemas.items()
            },
        },
    }
    version = hashlib.sha256(msgspec.json.encode(written)).hexdigest()[:12]
    info: Schema = {"title": program.model.name, "version": version, "description": _TOLD}
    return {"asyncapi": "3.0.0", "info": info, **written}


def _name(one: DeclaredEvent) -> str:
    return f"{one.event}.v{one.version}"


def _payload(one: Exported) -> tuple[Schema, Schema]:
    """The schema of a message, and those it refers to. AsyncAPI's own schemas are those of draft 7."""
    prefix = f"{_name(one.declared)}."
    found = drafts.rewritten(one.schema, draft=7, refs=_SCHEMAS + prefix)
    inner = cast(Schema, found.pop("definitions", {}))
    del found["$schema"]
    return found, {prefix + name: schema for name, schema in inner.items()}


def _message(one: Exported, payload: Schema) -> Schema:
    example: Schema = {"name": "example", "payload": one.envelope}
    return {
        "name": one.declared.event,
        "title": f"{one.declared.event} version {one.declared.version}",
        **_texts(one.kind),
        "contentType": envelope_schemas.CONTENT_TYPE,
        "payload": payload,
        "examples": [example],
    }


def _channels(versions: Iterable[Exported]) -> Schema:
    found: dict[str, Schema] = {}
    for one in versions:
        name = _name(one.declared)
        found.setdefault(one.declared.event, {})[_short(one.declared)] = {
            "$ref": f"#/components/messages/{name}"
        }
    return {event: {"address": event, "messages": messages} for event, messages in found.items()}


def _operations(program: Program, versions: list[DeclaredEvent]) -> Iterator[tuple[str, Schema]]:
    sent: dict[tuple[str, str], list[DeclaredEvent]] = {}
    received: dict[tuple[str, str], list[DeclaredEvent]] = {}
    for one in versions:
        for function in one.producers:
            sent.setdefault((function, one.event), []).append(one)
        for function in one.consumers:
            received[function, one.event] = [other for other in versions if _reads(one, other)]
    for action, found in (("send", sent), ("receive", received)):
        for (function, event), messages in sorted(found.items(), key=lambda one: one[0]):
            operation: Schema = {"action": action, "channel": {"$ref": f"#/channels/{event}"}}
            references = [
                {"$ref": f"#/channels/{event}/messages/{_short(one)}"} for one in messages
            ]
            described = _function(program, function)
            yield (
                f"{function}.{action}.{event}",
                {**operation, **described, "messages": cast(Value, references)},
            )


def _reads(known: DeclaredEvent, other: DeclaredEvent) -> bool:
    """Whether a consumer that knows the one version gets something of the other."""
    if known.event != other.event:
        return False
    newer = other.version > known.version
    return (
        other.serves <= known.version if newer else other.version in {known.version, *known.reads}
    )


def _function(program: Program, name: str) -> Schema:
    function = program.functions[name]
    return {"title": name, **_texts(function.call), "tags": [{"name": function.model.service}]}


def _texts(documented: object) -> Schema:
    """The first line of a docstring, and what comes after it."""
    own = vars(documented).get("__doc__") if isinstance(documented, type) else documented.__doc__
    summary, _, description = inspect.cleandoc(own or "").partition("\n")
    return {
        word: text
        for word, text in (("summary", summary), ("description", description.strip()))
        if text
    }


def _short(one: DeclaredEvent) -> str:
    return f"v{one.version}"
