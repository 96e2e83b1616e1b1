"""Grants to read secrets."""

from collections.abc import Iterator

from oort.model.functions import Grant
from oort.rules.cloud import secret_names
from oort.rules.grants.edges import EdgeKind
from oort.rules.grants.statement import Grantee, Statement, named

EDGE = EdgeKind.READS


def statements(grant: Grant, grantee: Grantee) -> Iterator[Statement]:
    """Yield the statement that allows to read the value.

    There is no statement for KMS: the key is aws/secretsmanager. Everybody in the account may use
    it through Secrets Manager.
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    """
    arn = secret_names.arn_pattern(grantee.location, grant.resource)
    yield Statement(named(grant), ("secretsmanager:GetSecretValue",), (arn,))
