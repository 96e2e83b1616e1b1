"""The one setting that API Gateway has for a whole account and region: the role with which it writes access logs."""

from collections.abc import Iterator

from oort.cloudformation.constructs.roles import VERSION
from oort.cloudformation.intrinsics import attribute, text
from oort.cloudformation.resources import Fate, Resource

# The only policy of AWS's own that is used: API Gateway refuses a role that may do less. It may write to all log groups.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
MANAGED = "arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"


def log_writer() -> Iterator[Resource]:
    """The setting and its role. Both are kept: the APIs of other platforms in the account log with the role as well.

    Each platform that is deployed sets its own role, and each of them does the same.
    """
    yield Resource(
        "ApiLogRole",
        "AWS::IAM::Role",
        {
            "Description": "With it API Gateway writes access logs, for every API of the account in this region.",
            "AssumeRolePolicyDocument": {
                "Version": VERSION,
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "apigateway.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            },
            "ManagedPolicyArns": [text(MANAGED)],
        },
        (),
        Fate.RETAIN_ONCE_USED,
        Fate.RETAIN,
    )
    yield Resource(
        "ApiAccount",
        "AWS::ApiGateway::Account",
        {"CloudWatchRoleArn": attribute("ApiLogRole", "Arn")},
        (),
        Fate.RETAIN,
        Fate.RETAIN,
    )
