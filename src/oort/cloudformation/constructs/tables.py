"""Tables of DynamoDB: encrypted, with point-in-time recovery, TLS only, retained when their stack
is deleted.
"""

from collections.abc import Iterable, Mapping

from oort.cloudformation.constructs import policies
from oort.cloudformation.intrinsics import text
from oort.cloudformation.logical import identity, short
from oort.cloudformation.resources import Document, RemovalPolicy, Resource
from oort.model.problems import Json
from oort.model.resources import IndexModel, TableModel
from oort.rules.cloud.cloud_names import Location


def table(model: TableModel, location: Location) -> Resource:
    """Return the table of the model with its secondary indexes."""
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
    logical_id: str, *, name: str, key: Iterable[str], types: Mapping[str, str], location: Location,
    more: Document, on_delete: RemovalPolicy = RemovalPolicy.RETAIN_ONCE_USED,
    on_replace: RemovalPolicy = RemovalPolicy.RETAIN,
) -> Resource:  # fmt: skip
    """Return a table with the settings that all tables share.

    There is no DeletionProtectionEnabled: CloudFormation could not roll back the first
    deployment, since a rollback deletes the created tables. The removal policy keeps the table
    when its stack is deleted. A table that is deleted by hand leaves a backup for 35 days, since
    point-in-time recovery is on.
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
        # The key alias/aws/dynamodb: no monthly fee, and its use shows in CloudTrail. Requests to
        # KMS are cached for 5 minutes.
        "SSESpecification": {"SSEEnabled": True},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "ResourcePolicy": {
            "PolicyDocument": policies.tls_only("dynamodb:*", text(location.table_arn(name)))
        },
    }
    return Resource(logical_id, "AWS::DynamoDB::Table", properties, (), on_delete, on_replace)


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
