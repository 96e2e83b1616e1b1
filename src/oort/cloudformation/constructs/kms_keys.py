"""The one KMS key of a platform: topics are encrypted with it. One key costs $1 a month; one a service would be $34."""

from collections.abc import Iterator

from oort.cloudformation.constructs.roles import VERSION
from oort.cloudformation.intrinsics import ref, text
from oort.cloudformation.resources import Fate, Resource
from oort.model.problems import Json
from oort.rules.cloud.cloud_names import Location


def key(location: Location) -> Iterator[Resource]:
    """The key with its alias. KMS renews it each year."""
    properties: dict[str, Json] = {
        "Description": f"Messages of the platform {location.platform}, stage {location.stage}",
        "EnableKeyRotation": True,
        "KeyPolicy": {"Version": VERSION, "Statement": [_account(), _delivery()]},
    }
    yield Resource("Key", "AWS::KMS::Key", properties, (), Fate.RETAIN_ONCE_USED, Fate.RETAIN)
    yield Resource(
        "KeyAlias", "AWS::KMS::Alias", {"AliasName": location.key_alias, "TargetKeyId": ref("Key")}
    )


def _account() -> Json:
    """The account decides with its own policies who may use and manage the key; without this, nobody could ever again.

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
    """SNS itself, for this account.

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
