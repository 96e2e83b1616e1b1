"""Cost-allocation tags on every resource that can have tags.

A type that is not listed here has none.
"""

from collections.abc import Mapping
from dataclasses import replace

from oort.cloudformation.resources import Resource
from oort.model.delivery.stages import Stage
from oort.model.problems import Json
from oort.rules.cloud.cloud_names import Location

# The service tag of resources that all services share. No service begins with an underscore.
SHARED = "_platform"

_LIST = "Tags"
# The property with the tags: a list of keys and values, or an object for the types in _OBJECTS.
# Read from the resource provider schemas,
# https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
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
    """Return the tags of a service's resources.

    A tag of the stage cannot replace a tag of Oort's.
    """
    reserved = {
        "oort:platform": location.platform,
        "oort:stage": location.stage,
        "oort:service": service,
    }
    return reserved | {name: value for name, value in stage.tags if name not in reserved}


def tagged(resource: Resource, labels: Mapping[str, str]) -> Resource:
    """Return the resource with the tags, if its type can have tags."""
    name = TAGGED.get(resource.type)
    if name is None:
        return resource
    pairs: Json = [{"Key": key, "Value": value} for key, value in labels.items()]
    return replace(
        resource,
        properties={**resource.properties, name: labels if resource.type in _OBJECTS else pairs},
    )
