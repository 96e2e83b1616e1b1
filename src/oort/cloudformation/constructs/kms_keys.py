"""The KMS key that encrypts the topics of a platform.

A key for the platform costs $1 a month; a key for each service would cost $34.
"""

from collections.abc import Iterator

from oort.cloudformation.constructs.policies import VERSION
from oort.cloudformation.intrinsics import ref, text
from oort.cloudformation.resources import RemovalPolicy, Resource
from oort.model.problems import Json
from oort.rules.cloud.cloud_names import Location


def key(location: Location) -> Iterator[Resource]:
    """Yield the key and its alias. KMS rotates the key each year."""
    properties: dict[str, Json] = {
        "Description": f"Messages of the platform {location.platform}, stage {location.stage}",
        "EnableKeyRotation": True,
        "KeyPolicy": {"Version": VERSION, "Statement": [_account(), _delivery()]},
    }
    yield Resource(
        "Key", "AWS::KMS::Key", properties, (), RemovalPolicy.RETAIN_ONCE_USED, RemovalPolicy.RETAIN
    )
    yield Resource(
        "KeyAlias", "AWS::KMS::Alias", {"AliasName": location.key_alias, "TargetKeyId": ref("Key")}
    )


def _account() -> Json:
    """Let IAM policies of the account decide about use and management of the key.

    Without this statement nobody could ever manage the key again.
    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    return {
        "Sid": "Account",
        "Effect": "Allow",
        "Principal": {"AWS": text("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")},
        "Action": "kms:*",
        "Resource": "*",  # in the policy of a key, the key itself
    }


def _delivery() -> Json:
    """Let SNS use the key, for this account.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    return {
        "Sid": "Delivery",
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceAccount": ref("AWS::AccountId")}},
    }
