"""Secrets of Secrets Manager. The template holds no value: an operator sets it afterwards."""

from oort.cloudformation.logical import identity, short
from oort.cloudformation.resources import RemovalPolicy, Resource
from oort.model.resources import SecretModel
from oort.rules.cloud import secret_names
from oort.rules.cloud.cloud_names import Location


def secret(model: SecretModel, location: Location) -> Resource:
    """Return the secret without a value. The secret stays when its stack is deleted.

    A secret costs $0.40 a month, and 10,000 reads cost $0.05.
    https://aws.amazon.com/secrets-manager/pricing/
    There is no KmsKeyId: the key aws/secretsmanager costs nothing and needs no permission.
    There is no SecretString and no GenerateSecretString: a template does not decide the value.
    """
    name = short(model.name)
    return Resource(
        identity("Secret", name),
        "AWS::SecretsManager::Secret",
        {
            "Name": secret_names.name(location, model.name),
            "Description": (
                f"Read by functions of the service {model.service}. Set it with oort secrets set."
            ),
        },
        (),
        RemovalPolicy.RETAIN_ONCE_USED,
        RemovalPolicy.RETAIN,
    )
