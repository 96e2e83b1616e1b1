"""The JSON Schema of an event on the wire: the envelope of `envelopes` around the event's data.

Exports use it. CloudEvents permits additional attributes on the way, so the envelope is open. The
data are as closed as the writer schema.
"""

from collections.abc import Sequence
from typing import cast

from oort.model import names
from oort.model.items import Value
from oort.rules.events.event_schemas import DIALECT
from oort.rules.messaging import envelopes
from oort.rules.schemas.schema_keywords import Schema

# structured mode, in the JSON format of CloudEvents 1.0
CONTENT_TYPE = "application/cloudevents+json"
_TEXT: Schema = {"type": "string", "minLength": 1}


def schema(event: str, version: int, *, oldest: int, older: Sequence[int], data: Schema) -> Schema:
    """Return the schema of the envelope. `older` are the versions of additional bodies.

    `data` is the writer schema.

    >>> envelope = schema("shop.sold", 2, oldest=2, older=[1], data={"type": "object"})
    >>> envelope["properties"]["dataschema"]
    {'const': 'urn:oort:shop.sold:2', 'description': 'The event and its version.'}
    """
    attributes = _attributes(event, version, oldest, older)
    inner = {
        keyword: value for keyword, value in data.items() if keyword not in ("$schema", "$defs")
    }
    optional = {"datacontenttype", "partitionkey", "traceparent"} | (
        {"schemaversion"} if version == 1 else set()
    )
    required: list[Value] = [name for name in (*attributes, "data") if name not in optional]
    written: Schema = {
        "$schema": DIALECT,
        "title": f"{event} version {version}",
        "type": "object",
        "properties": {**cast(Schema, attributes), "data": inner},
        "required": required,
    }
    return {**written, "$defs": data["$defs"]} if "$defs" in data else written


def _attributes(event: str, version: int, oldest: int, older: Sequence[int]) -> dict[str, Schema]:
    attributes: dict[str, Schema] = {
        "specversion": {"const": "1.0", "description": "The version of CloudEvents."},
        "id": {
            **_TEXT,
            "description": "The id of the event, the same in each delivery: consumers recognise "
            "repeated deliveries by it.",
        },
        "source": {
            "const": f"/{names.owner(event)}",
            "description": "The service that publishes the event.",
        },
        "type": {"const": event, "description": "The name of the event."},
        "time": {"type": "string", "format": "date-time", "description": "When it was published."},
        "datacontenttype": {
            "const": "application/json",
            "description": "Left out, since JSON is what CloudEvents assumes.",
        },
        "dataschema": {
            "const": envelopes.schema_of(event, version),
            "description": "The event and its version.",
        },
        "schemaversion": {
            "const": version,
            "description": "The version of the event; 1 is left out.",
        },
        "schemaoldest": {
            "const": oldest,
            "description": "The oldest version whose consumers can read the data unchanged.",
        },
        "partitionkey": {**_TEXT, "description": "The key of the event, whose order is kept."},
        "traceparent": {
            **_TEXT,
            "description": "The trace of the event, in the form of W3C Trace Context.",
        },
    }
    if older:
        versions = " and ".join(map(str, older))
        what = f"The same event in version {versions}: a JSON object, as text, by version."
        attributes["olderdata"] = {
            **_TEXT,
            "contentMediaType": "application/json",
            "description": what,
        }
    return attributes
