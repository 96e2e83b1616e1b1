"""Cost-allocation tags on every resource, except on the listed types that cannot have tags."""

from collections.abc import Mapping
from dataclasses import replace

from oort.cloudformation.resources import Resource
from oort.model.delivery.stages import Stage
from oort.model.problems import Json
from oort.rules.cloud.cloud_names import Location

# The service tag of resources that all services share. No service begins with an underscore.
SHARED = "_platform"

# The types that cannot have tags. A type that is missing here gets tags that CloudFormation refuses: `make templates` names it.
# Read from the resource provider schemas, https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
UNTAGGED = frozenset(
    {
        "AWS::ApiGateway::Account",
        "AWS::ApiGateway::Authorizer",
        "AWS::ApiGateway::Deployment",
        "AWS::ApiGateway::GatewayResponse",
        "AWS::ApiGateway::Method",
        "AWS::ApiGateway::Resource",
        "AWS::Cognito::UserPoolClient",
        "AWS::Cognito::UserPoolGroup",
        "AWS::KMS::Alias",
        "AWS::Lambda::Alias",
        "AWS::Lambda::Permission",
        "AWS::Lambda::Version",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
        "AWS::Scheduler::Schedule",
    }
)
_PROPERTIES: Mapping[str, str] = {"AWS::Cognito::UserPool": "UserPoolTags"}
# The types whose tags are an object, and not a list of keys and values.
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
    if resource.type in UNTAGGED:
        return resource
    pairs: Json = [{"Key": key, "Value": value} for key, value in labels.items()]
    return replace(
        resource,
        properties={
            **resource.properties,
            name_of(resource.type): labels if resource.type in _OBJECTS else pairs,
        },
    )


def name_of(kind: str) -> str:
    """The property of the type that holds the tags."""
    return _PROPERTIES.get(kind, "Tags")
