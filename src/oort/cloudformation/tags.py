"""Cost-allocation tags on every resource that can have them. Types that cannot are those that are not listed."""

from collections.abc import Mapping
from dataclasses import replace

from oort.cloudformation.resources import Resource
from oort.model.delivery.stages import Stage
from oort.model.problems import Json
from oort.rules.cloud.cloud_names import Location

SHARED = "_platform"  # what stands for the service of what all of them share; no service begins with an underscore

_LIST = "Tags"
# The property with the tags. It is a list of keys and values, or an object where the type says so.
# Read from the resource provider schemas, https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
TAGGED: Mapping[str, str] = {
    "AWS::ApiGateway::RestApi": _LIST,
    "AWS::ApiGateway::Stage": _LIST,
    "AWS::CloudWatch::Alarm": _LIST,
    "AWS::Cognito::UserPool": "UserPoolTags",
    "AWS::DynamoDB::Table": _LIST,
    "AWS::IAM::Role": _LIST,
    "AWS::KMS::Key": _LIST,
    "AWS::Lambda::EventSourceMapping": _LIST,
    "AWS::Lambda::Function": _LIST,
    "AWS::Logs::LogGroup": _LIST,
    "AWS::S3::Bucket": _LIST,
    "AWS::SNS::Topic": _LIST,
    "AWS::SQS::Queue": _LIST,
    "AWS::SSM::Parameter": _LIST,
}
_OBJECTS = frozenset({"AWS::Cognito::UserPool", "AWS::SSM::Parameter"})


def tags(location: Location, stage: Stage, service: str) -> dict[str, str]:
    """Whose resource it is. What the stage sets comes after, and cannot take the place of ours."""
    own = {
        "oort:platform": location.platform,
        "oort:stage": location.stage,
        "oort:service": service,
    }
    return own | {name: value for name, value in stage.tags if name not in own}


def tagged(resource: Resource, labels: Mapping[str, str]) -> Resource:
    """The resource with the tags, if its type has any."""
    name = TAGGED.get(resource.type)
    if name is None:
        return resource
    pairs: Json = [{"Key": key, "Value": value} for key, value in labels.items()]
    return replace(
        resource,
        properties={**resource.properties, name: labels if resource.type in _OBJECTS else pairs},
    )
