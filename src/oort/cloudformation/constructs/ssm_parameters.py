"""What the platform's stacks tell the services' stacks, through parameters of SSM: exports would tie the stacks together."""

from dataclasses import dataclass

from oort.cloudformation.logical import identity
from oort.cloudformation.resources import Parameter, Resource
from oort.model.problems import Json
from oort.rules.cloud.cloud_names import Location


@dataclass(frozen=True, slots=True)
class Shared:
    """A value that one stack writes and others read. `id` is what it is called in the template of a reader."""

    id: str
    name: str
    description: str

    @property
    def value(self) -> str:
        """The value, in a text of a reader's template."""
        return f"${{{self.id}}}"


ASSETS = Shared("AssetsBucket", "assets-bucket", "The bucket with the deployment packages.")
KEY = Shared("KeyArn", "key-arn", "The ARN of the platform's KMS key.")
USER_POOL = Shared("UserPoolArn", "user-pool-arn", "The ARN of the user pool.")
USER_POOL_ID = Shared("UserPoolId", "user-pool-id", "The id of the user pool.")
CLIENT = Shared("ClientId", "client-id", "The id of the user pool's client.")


def told(shared: Shared, value: Json, location: Location) -> Resource:
    """The parameter that a writer makes. It is no secret, so it is plain text."""
    properties: dict[str, Json] = {
        "Name": location.parameter(shared.name),
        "Type": "String",
        "Value": value,
        "Description": shared.description,
    }
    return Resource(identity("Parameter", shared.name), "AWS::SSM::Parameter", properties)


def read(shared: Shared, location: Location) -> Parameter:
    """The parameter of a reader's template."""
    return Parameter(shared.id, location.parameter(shared.name), shared.description)
