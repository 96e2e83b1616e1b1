"""The part of AsyncAPI 3.0 that Oort writes, in our own words after https://www.asyncapi.com/docs/reference/specification/v3.0.0.

The documents were also held once, by hand, against the official JSON Schema, which is not ours to copy.
"""

from typing import Any

Shape = dict[str, Any]

_TEXT: Shape = {"type": "string", "minLength": 1}


def closed(required: Shape, **optional: Shape) -> Shape:
    """An object with these members and no others."""
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


def by_name(value: Shape) -> Shape:
    """A map. Names of channels, operations and components are letters, digits, dots, dashes and underscores."""
    return {
        "type": "object",
        "propertyNames": {"pattern": r"^[a-zA-Z0-9._-]+$"},
        "additionalProperties": value,
    }


def reference(beginning: str) -> Shape:
    """A Reference Object into one part of the document."""
    return closed({"$ref": {"type": "string", "pattern": f"^#/{beginning}/"}})


_MESSAGE = closed(
    {"name": _TEXT, "title": _TEXT, "contentType": {"const": "application/cloudevents+json"},
     "payload": {"type": ["object", "boolean"]}},
    summary=_TEXT, description=_TEXT,
    examples={"type": "array", "items": closed({"payload": {}}, name=_TEXT, summary=_TEXT)},
)  # fmt: skip
_OPERATION = closed(
    {"action": {"enum": ["send", "receive"]}, "channel": reference("channels"), "title": _TEXT,
     "messages": {"type": "array", "items": reference("channels"), "minItems": 1}},
    summary=_TEXT, tags={"type": "array", "items": closed({"name": _TEXT})},
)  # fmt: skip
_CHANNEL = closed(
    {"address": _TEXT, "messages": by_name(reference("components/messages"))}, description=_TEXT
)
DOCUMENT: Shape = closed(
    {
        "asyncapi": {"const": "3.0.0"},
        "info": closed({"title": _TEXT, "version": _TEXT}, description=_TEXT),
        "defaultContentType": _TEXT,
        "channels": by_name(_CHANNEL),
        "operations": by_name(_OPERATION),
    },
    components=closed(
        {}, messages=by_name(_MESSAGE), schemas=by_name({"type": ["object", "boolean"]})
    ),
)
