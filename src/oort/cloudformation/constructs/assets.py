"""The bucket with the deployment packages, created before the first service and kept after
every stack is deleted.
"""

from oort.cloudformation.constructs import policies
from oort.cloudformation.intrinsics import ref, text
from oort.cloudformation.resources import RemovalPolicy, Resource
from oort.model.problems import Json

_OLD_DAYS = 90


def bucket() -> tuple[Resource, Resource]:
    """Return the bucket and its policy.

    The bucket has no fixed name, because names are unique in the whole world. An SSM parameter
    holds the name.
    """
    properties: dict[str, Json] = {
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
            ]
        },
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
        "VersioningConfiguration": {"Status": "Enabled"},
        "LifecycleConfiguration": _lifecycle(),
    }
    assets = Resource(
        "Assets",
        "AWS::S3::Bucket",
        properties,
        (),
        RemovalPolicy.RETAIN_ONCE_USED,
        RemovalPolicy.RETAIN,
    )
    resources = [text("${Assets.Arn}"), text("${Assets.Arn}/*")]
    document: Json = {
        "Version": policies.VERSION,
        "Statement": [policies.deny_plaintext("s3:*", *resources), _deny_old_tls(resources)],
    }
    policy = Resource(
        "AssetsPolicy",
        "AWS::S3::BucketPolicy",
        {"Bucket": ref("Assets"), "PolicyDocument": document},
    )
    return assets, policy


def _lifecycle() -> Json:
    """Return the rule that expires old versions.

    The key of a package is its hash, so no package is overwritten: every package that a rollback
    needs is a current version.
    """
    rule: Json = {
        "Id": "old",
        "Status": "Enabled",
        "NoncurrentVersionExpiration": {"NoncurrentDays": _OLD_DAYS},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }
    return {"Rules": [rule]}


def _deny_old_tls(resources: list[Json]) -> Json:
    return {
        "Sid": "OnlyNewTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": resources,
        # 1.2, not 1.3: Lambda fetches packages, and AWS does not document its version of TLS.
        "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}},
    }
