"""The bucket with the deployment packages. It is made once, before the first service, and outlives every stack."""

from oort.cloudformation.constructs import transport
from oort.cloudformation.constructs.roles import VERSION
from oort.cloudformation.intrinsics import ref, text
from oort.cloudformation.resources import Fate, Resource
from oort.model.problems import Json

_OLD_DAYS = 90


def bucket() -> tuple[Resource, Resource]:
    """The bucket and its policy. It has no name of its own: names are taken all over the world, and SSM tells this one."""
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
        # Packages lie under their hash and are never overwritten: what a release may go back to is always current.
        "LifecycleConfiguration": {
            "Rules": [
                {
                    "Id": "old",
                    "Status": "Enabled",
                    "NoncurrentVersionExpiration": {"NoncurrentDays": _OLD_DAYS},
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                }
            ]
        },
    }
    made = Resource("Assets", "AWS::S3::Bucket", properties, (), Fate.RETAIN_ONCE_USED, Fate.RETAIN)
    everything = [text("${Assets.Arn}"), text("${Assets.Arn}/*")]
    old_tls: Json = {
        "Sid": "OnlyNewTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": everything,
        # 1.2, not 1.3: Lambda itself fetches packages, and nobody says which version it speaks.
        "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}},
    }
    document: Json = {
        "Version": VERSION,
        "Statement": [transport.plaintext_denied("s3:*", *everything), old_tls],
    }
    policy = Resource(
        "AssetsPolicy",
        "AWS::S3::BucketPolicy",
        {"Bucket": ref("Assets"), "PolicyDocument": document},
    )
    return made, policy
