"""The entry of an event's version in the schema registry of EventBridge.

Exports use this module.
"""

import msgspec

from oort.model.errors import InvalidValue
from oort.rules.schemas import drafts
from oort.rules.schemas.schema_keywords import Schema

# The shape CreateSchemaRequest of the service model 2019-12-02 in botocore: Content has 1 to
# 100,000 characters. It has no rule for names, and the page
# https://docs.aws.amazon.com/eventbridge/latest/schema-reference/ was not checked for a rule. AWS
# names its own schemas `source@detail-type`. Our names have letters, digits, @ and - only, and at
# most 34 + 63 characters of the event's name.
_CONTENT = 100_000


def entry(event: str, version: int, *, registry: str, writer: Schema) -> Schema:
    """Return the parameters of `aws schemas create-schema`.

    InvalidValue for a schema that draft 4 or the registry cannot hold.

    >>> entry("shop.sold", 2, registry="shop", writer={"type": "object"})["SchemaName"]
    'shop@sold-v2'
    """
    content = msgspec.json.encode(drafts.rewritten(writer, draft=4)).decode()
    if len(content) > _CONTENT:
        what = (
            f"The schema of {event} version {version} has {len(content):,} characters; "
            f"a registry takes {_CONTENT:,}."
        )
        raise InvalidValue(what, "Split the event, or describe its fields in fewer words.")
    service, _, happened = event.partition(".")
    return {
        "RegistryName": registry,
        "SchemaName": f"{service}@{happened}-v{version}",
        "Type": "JSONSchemaDraft4",
        "Content": content,
    }
