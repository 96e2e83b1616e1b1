"""Tables of DynamoDB: encrypted, with point-in-time recovery, reachable over TLS only, kept when their stack goes."""

from collections.abc import Iterable, Mapping

from oort.cloudformation.constructs import transport
from oort.cloudformation.intrinsics import text
from oort.cloudformation.logical import identity, short
from oort.cloudformation.resources import Document, Fate, Resource
from oort.model.problems import Json
from oort.model.resources import IndexModel, TableModel
from oort.rules.cloud.cloud_names import Location


def table(model: TableModel, location: Location) -> Resource:
    """The table of the model, with all indexes but the one that is its own key."""
    indexes = [index for index in model.indexes if not index.primary]
    keys = [model.key, *(_parts(index) for index in indexes)]
    types = {name: "N" if name in model.numeric else "S" for key in keys for name in key}
    more: dict[str, Json] = {}
    if indexes:
        more["GlobalSecondaryIndexes"] = [_index(index) for index in indexes]
    return stored(
        identity("Table", short(model.name)),
        name=model.name,
        key=model.key,
        types=types,
        location=location,
        more=more,
    )


def stored(
    logical: str, *, name: str, key: Iterable[str], types: Mapping[str, str],
    location: Location, more: Document,
    on_delete: Fate = Fate.RETAIN_ONCE_USED, on_replace: Fate = Fate.RETAIN,
) -> Resource:  # fmt: skip
    """A table with the settings that every table has.

    There is no DeletionProtectionEnabled: with it the first deployment could not be rolled back, for CloudFormation must
    delete what it made. The fate keeps the table when its stack goes, and a table that is deleted by hand leaves a backup
    for 35 days, since point-in-time recovery is on.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html
    """
    properties: dict[str, Json] = {
        "TableName": location.table(name),
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": part, "AttributeType": kind} for part, kind in types.items()
        ],
        "KeySchema": _schema(key),
        **more,
        # The key alias/aws/dynamodb: no monthly fee, its use shows in CloudTrail. Requests to KMS are cached for 5 minutes.
        "SSESpecification": {"SSEEnabled": True},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "ResourcePolicy": {
            "PolicyDocument": transport.encrypted_only("dynamodb:*", text(location.table_arn(name)))
        },
    }
    return Resource(logical, "AWS::DynamoDB::Table", properties, (), on_delete, on_replace)


def _index(index: IndexModel) -> Json:
    return {
        "IndexName": index.name,
        "KeySchema": _schema(_parts(index)),
        "Projection": {"ProjectionType": "ALL"},
    }


def _parts(index: IndexModel) -> tuple[str, ...]:
    return (index.partition,) if index.sort is None else (index.partition, index.sort)


def _schema(key: Iterable[str]) -> Json:
    return [
        {"AttributeName": name, "KeyType": kind}
        for name, kind in zip(key, ("HASH", "RANGE"), strict=False)
    ]
