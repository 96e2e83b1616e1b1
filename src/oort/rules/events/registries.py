"""What the schema registry of EventBridge is told about a version of an event. Exports ask; nothing is sent from here."""

import msgspec

from oort.model.errors import InvalidValue
from oort.rules.types import drafts
from oort.rules.types.schema_keywords import Schema

# The shape CreateSchemaRequest of the service model 2019-12-02 in botocore: Content has 1 to 100,000 characters. It says
# nothing of names; https://docs.aws.amazon.com/eventbridge/latest/schema-reference/ was not checked for them. AWS names its
# own schemas `source@detail-type`, and ours hold letters, digits, @ and - only, at most 34 + 63 of the event's name.
_CONTENT = 100_000


def entry(event: str, version: int, *, registry: str, writer: Schema) -> Schema:
    """The parameters of `aws schemas create-schema`. InvalidValue for a schema that draft 4 or the registry cannot hold.

    >>> entry("shop.sold", 2, registry="shop", writer={"type": "object"})["SchemaName"]
    'shop@sold-v2'
    """
    content = msgspec.json.encode(drafts.rewritten(writer, draft=4)).decode()
    if len(content) > _CONTENT:
        what = f"The schema of {event} version {version} has {len(content):,} characters; a registry takes {_CONTENT:,}."
        raise InvalidValue(what, "Split the event, or describe its fields in fewer words.")
    service, _, happened = event.partition(".")
    return {
        "RegistryName": registry,
        "SchemaName": f"{service}@{happened}-v{version}",
        "Type": "JSONSchemaDraft4",
        "Content": content,
    }
