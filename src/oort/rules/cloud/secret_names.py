"""The names of secrets on AWS. Synthesis writes them, and the adapter computes them again."""

from oort.rules.cloud.cloud_names import Location


def name(location: Location, secret: str) -> str:
    """The name of `service.secret` in Secrets Manager: platform/stage/service/secret.

    >>> name(Location("shop", "prod"), "billing.stripe-key")
    'shop/prod/billing/stripe-key'
    """
    return "/".join((location.platform, location.stage, *secret.split(".", 1)))


def arn_pattern(location: Location, secret: str) -> str:
    """The ARN of exactly this secret.

    Secrets Manager appends a dash and six random characters to the name. Six question marks match
    them and nothing longer: `*` would also match longer names.
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html
    """
    owner = f"arn:{location.partition}:secretsmanager:{location.region}:{location.account}"
    return f"{owner}:secret:{name(location, secret)}-??????"
