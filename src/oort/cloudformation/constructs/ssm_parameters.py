"""SSM parameters with values of the platform's stacks for the services' stacks.

Exports would tie the stacks together.
"""

from dataclasses import dataclass

from oort.cloudformation.logical import identity
from oort.cloudformation.resources import Parameter, Resource
from oort.model.problems import Json
from oort.rules.cloud.cloud_names import Location


@dataclass(frozen=True, slots=True)
class Shared:
    """A value that a stack writes and other stacks read.

    `id` is its logical id in a reader's template.
    """

    id: str
    name: str
    description: str

    @property
    def value(self) -> str:
        """The value, as part of a text in a reader's template."""
        return f"${{{self.id}}}"


ASSETS = Shared("AssetsBucket", "assets-bucket", "The bucket with the deployment packages.")
KEY = Shared("KeyArn", "key-arn", "The ARN of the platform's KMS key.")
USER_POOL = Shared("UserPoolArn", "user-pool-arn", "The ARN of the user pool.")
USER_POOL_ID = Shared("UserPoolId", "user-pool-id", "The id of the user pool.")
CLIENT = Shared("ClientId", "client-id", "The id of the user pool's client.")


def parameter(shared: Shared, value: Json, location: Location) -> Resource:
    """Return the SSM parameter of the writing stack, in plain text, since the
    value is not secret.
    """
    properties: dict[str, Json] = {
        "Name": location.parameter(shared.name),
        "Type": "String",
        "Value": value,
        "Description": shared.description,
    }
    return Resource(identity("Parameter", shared.name), "AWS::SSM::Parameter", properties)


def read(shared: Shared, location: Location) -> Parameter:
    """Return the template parameter of a reading stack."""
    return Parameter(shared.id, location.parameter(shared.name), shared.description)
