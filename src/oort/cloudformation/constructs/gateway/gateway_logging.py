"""The setting that API Gateway has once for an account and region: the role that writes access
logs.
"""

from collections.abc import Iterator

from oort.cloudformation.constructs.policies import VERSION
from oort.cloudformation.intrinsics import attribute, text
from oort.cloudformation.resources import RemovalPolicy, Resource

# The only managed policy in use: API Gateway refuses a role with fewer rights. The policy
# covers all log groups.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
MANAGED = "arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"


def log_writer() -> Iterator[Resource]:
    """Yield the setting and its role.

    Both are retained, since the APIs of other platforms in the account log with the role as well.
    Each deployed platform sets its own role, and all these roles have the same policy.
    """
    yield Resource(
        "ApiLogRole",
        "AWS::IAM::Role",
        {
            "Description": (
                "With it API Gateway writes access logs, for every API of the account in this region."
            ),
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
        RemovalPolicy.RETAIN_ONCE_USED,
        RemovalPolicy.RETAIN,
    )
    yield Resource(
        "ApiAccount",
        "AWS::ApiGateway::Account",
        {"CloudWatchRoleArn": attribute("ApiLogRole", "Arn")},
        (),
        RemovalPolicy.RETAIN,
        RemovalPolicy.RETAIN,
    )
