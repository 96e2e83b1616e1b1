"""The AsyncAPI 3.0 document of a program.

It has a channel for each event, a message for each version, and the functions that send and receive
each message. The schemas are the writer schemas in complete CloudEvents envelopes, because these
are the sent documents. Topics and queues depend on the stage, so the document names no servers. The
same program gives the same bytes. The document of routes is `openapi`.
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
from oort.rules.schemas import drafts
from oort.rules.schemas.schema_keywords import Schema

_DESCRIPTION = (
    "Events travel as CloudEvents 1.0 in structured JSON. Each schema is the writer's: `data` has "
    "exactly these members. A reader should ignore members that it does not know."
)
_SCHEMAS = "#/components/schemas/"


def document(program: Program) -> Schema:
    """Return the document.

    Raises InvalidProgram, with file and line, for an event without a description in JSON Schema.
    """
    versions = exports.versions(program)
    components = {_name(version.declared): _payload(version) for version in versions}
    written: Schema = {
        "defaultContentType": envelope_schemas.CONTENT_TYPE,
        "channels": _channels(versions),
        "operations": dict(_operations(program, [version.declared for version in versions])),
        "components": {
            "messages": {
                _name(version.declared): _message(version, components[_name(version.declared)][0])
                for version in versions
            },
            "schemas": {
                name: schema
                for _, schemas in components.values()
                for name, schema in schemas.items()
            },
        },
    }
    checksum = hashlib.sha256(msgspec.json.encode(written)).hexdigest()[:12]
    info: Schema = {"title": program.model.name, "version": checksum, "description": _DESCRIPTION}
    return {"asyncapi": "3.0.0", "info": info, **written}


def _name(version: DeclaredEvent) -> str:
    return f"{version.event}.v{version.version}"


def _payload(version: Exported) -> tuple[Schema, Schema]:
    """Return the schema of a message and its definitions. AsyncAPI uses JSON Schema draft 7."""
    prefix = f"{_name(version.declared)}."
    schema = drafts.rewritten(version.schema, draft=7, refs=_SCHEMAS + prefix)
    inner = cast(Schema, schema.pop("definitions", {}))
    del schema["$schema"]
    return schema, {prefix + name: definition for name, definition in inner.items()}


def _message(version: Exported, payload: Schema) -> Schema:
    example: Schema = {"name": "example", "payload": version.envelope}
    return {
        "name": version.declared.event,
        "title": f"{version.declared.event} version {version.declared.version}",
        **_texts(version.kind),
        "contentType": envelope_schemas.CONTENT_TYPE,
        "payload": payload,
        "examples": [example],
    }


def _channels(versions: Iterable[Exported]) -> Schema:
    channels: dict[str, Schema] = {}
    for version in versions:
        name = _name(version.declared)
        channels.setdefault(version.declared.event, {})[_short(version.declared)] = {
            "$ref": f"#/components/messages/{name}"
        }
    return {event: {"address": event, "messages": messages} for event, messages in channels.items()}


def _operations(program: Program, versions: list[DeclaredEvent]) -> Iterator[tuple[str, Schema]]:
    sent: dict[tuple[str, str], list[DeclaredEvent]] = {}
    received: dict[tuple[str, str], list[DeclaredEvent]] = {}
    for version in versions:
        for function in version.producers:
            sent.setdefault((function, version.event), []).append(version)
        for function in version.consumers:
            received[function, version.event] = [
                candidate for candidate in versions if _reads(version, candidate)
            ]
    for action, by_function in (("send", sent), ("receive", received)):
        for (function, event), messages in sorted(by_function.items(), key=lambda entry: entry[0]):
            operation: Schema = {"action": action, "channel": {"$ref": f"#/channels/{event}"}}
            references = [
                {"$ref": f"#/channels/{event}/messages/{_short(version)}"} for version in messages
            ]
            described = _function(program, function)
            yield (
                f"{function}.{action}.{event}",
                {**operation, **described, "messages": cast(Value, references)},
            )


def _reads(known: DeclaredEvent, published: DeclaredEvent) -> bool:
    """Return True if a consumer of the known version receives events of the other version."""
    if known.event != published.event:
        return False
    newer = published.version > known.version
    return (
        published.serves <= known.version
        if newer
        else published.version in {known.version, *known.reads}
    )


def _function(program: Program, name: str) -> Schema:
    function = program.functions[name]
    return {"title": name, **_texts(function.call), "tags": [{"name": function.model.service}]}


def _texts(documented: object) -> Schema:
    """Return the first line of a docstring as summary, and the following lines as description."""
    docstring = (
        vars(documented).get("__doc__") if isinstance(documented, type) else documented.__doc__
    )
    summary, _, description = inspect.cleandoc(docstring or "").partition("\n")
    return {
        word: text
        for word, text in (("summary", summary), ("description", description.strip()))
        if text
    }


def _short(version: DeclaredEvent) -> str:
    return f"v{version.version}"
