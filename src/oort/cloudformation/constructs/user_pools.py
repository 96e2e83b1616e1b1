"""The user pool of a platform, the client of its pages, and a group for each group that a route
names.
"""

from collections.abc import Iterator

from oort.cloudformation.intrinsics import ref
from oort.cloudformation.logical import identity
from oort.cloudformation.resources import RemovalPolicy, Resource
from oort.model.functions import Http
from oort.model.platform import PlatformModel
from oort.model.problems import Json
from oort.rules.cloud.cloud_names import Location

# Scopes of an access token: the first after signing in through the API, the second through the
# hosted pages. A route that requires one of them takes access tokens only, which have no e-mail
# address and no audience.
# https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
SCOPES = ("aws.cognito.signin.user.admin", "openid")


def user_pool(platform: PlatformModel, location: Location) -> Iterator[Resource]:
    """Yield the pool, the client and the groups."""
    # Retained in every case: the pool is protected against deletion, so a rollback
    # could not delete it.
    yield Resource(
        "UserPool",
        "AWS::Cognito::UserPool",
        _pool(location),
        (),
        RemovalPolicy.RETAIN,
        RemovalPolicy.RETAIN,
    )
    yield Resource("Client", "AWS::Cognito::UserPoolClient", _client(location))
    for group in sorted(_groups(platform)):
        properties: dict[str, Json] = {"GroupName": group, "UserPoolId": ref("UserPool")}
        yield Resource(identity("Group", group), "AWS::Cognito::UserPoolGroup", properties)


def _groups(platform: PlatformModel) -> set[str]:
    return {
        group
        for function in platform.functions
        if isinstance(function.trigger, Http)
        for group in function.trigger.groups
    }


def _pool(location: Location) -> dict[str, Json]:
    return {
        "UserPoolName": location.stack,
        "UserPoolTier": "ESSENTIALS",
        "DeletionProtection": "ACTIVE",
        "UsernameAttributes": ["email"],
        "UsernameConfiguration": {"CaseSensitive": False},
        "AutoVerifiedAttributes": ["email"],
        "AccountRecoverySetting": {
            "RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]
        },
        # Closed by default: people are added by an operator.
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True},
        "MfaConfiguration": "OPTIONAL",
        "EnabledMfas": ["SOFTWARE_TOKEN_MFA"],
        "Policies": {
            "PasswordPolicy": {
                "MinimumLength": 12,
                "RequireLowercase": True,
                "RequireNumbers": True,
                "RequireSymbols": True,
                "RequireUppercase": True,
                "TemporaryPasswordValidityDays": 1,
            }
        },
    }


def _client(location: Location) -> dict[str, Json]:
    return {
        "ClientName": location.stack,
        "UserPoolId": ref("UserPool"),
        "GenerateSecret": False,  # pages and telephones cannot keep a secret
        # Passwords never travel. ADMIN_USER_PASSWORD also needs credentials of the account:
        # operators and tests use it.
        "ExplicitAuthFlows": [
            "ALLOW_ADMIN_USER_PASSWORD_AUTH",
            "ALLOW_REFRESH_TOKEN_AUTH",
            "ALLOW_USER_SRP_AUTH",
        ],
        "PreventUserExistenceErrors": "ENABLED",
        "EnableTokenRevocation": True,
        "AccessTokenValidity": 60,
        "IdTokenValidity": 60,
        "RefreshTokenValidity": 30,
        "TokenValidityUnits": {
            "AccessToken": "minutes",
            "IdToken": "minutes",
            "RefreshToken": "days",
        },
    }
