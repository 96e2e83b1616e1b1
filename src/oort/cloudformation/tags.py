"""Cost-allocation tags on every resource that can have them. Types that cannot are listed."""

from collections.abc import Mapping
from dataclasses import replace

from oort.cloudformation.resources import Resource
from oort.model.delivery.stages import Stage
from oort.model.problems import Json
from oort.rules.cloud.cloud_names import Place

SHARED = "_platform"  # what stands for the service of what all of them share; no service begins with an underscore

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


def tags(place: Place, stage: Stage, service: str) -> dict[str, str]:
    """Whose resource it is. What the stage sets comes after, and cannot take the place of ours."""
    own = {"oort:platform": place.platform, "oort:stage": place.stage, "oort:service": service}
    return own | {name: value for name, value in stage.tags if name not in own}


def tagged(resource: Resource, labels: Mapping[str, str]) -> Resource:
    """The resource with the tags, if its type has any."""
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
