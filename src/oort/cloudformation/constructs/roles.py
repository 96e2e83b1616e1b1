"""Roles: one for each function, which nothing else may take on."""

from collections.abc import Iterable, Sequence

from oort.cloudformation.intrinsics import text
from oort.cloudformation.resources import Document, Resource
from oort.model.problems import Json
from oort.rules.grants.statement import IamCondition, Statement

VERSION = "2012-10-17"


def role(
    logical: str, *, service: str, statements: Iterable[Statement], description: str
) -> Resource:
    """A role that the AWS service takes on, such as `lambda`. Its policies are inline, so that it is made with them.

    Lambda's trust has no condition on the account: only principals of this account can pass the role on, and a function
    runs in the account that holds it.
    """
    return _role(logical, service, description, {}, policy(statements))


def account_role(
    logical: str, *, service: str, statements: Iterable[Statement], description: str
) -> Resource:
    """A role for an AWS service that acts for many accounts: it may take it on only in the name of this one.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    """
    only = {"Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}}
    return _role(logical, service, description, only, policy(statements))


def policy(statements: Iterable[Statement]) -> Document:
    """The statements as a policy document."""
    found: list[Json] = []
    names: dict[str, int] = {}
    for one in statements:
        count = names[one.name] = names.get(one.name, 0) + 1
        sid = one.name if count == 1 else f"{one.name}{count}"  # must be unique in a policy
        found.append(_statement(one, sid))
    return {"Version": VERSION, "Statement": found}


def _role(
    logical: str, service: str, description: str, only: Document, allowed: Document
) -> Resource:
    trust: dict[str, Json] = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
        **only,
    }
    return Resource(
        logical,
        "AWS::IAM::Role",
        {
            "Description": description,
            "AssumeRolePolicyDocument": {"Version": VERSION, "Statement": [trust]},
            "Policies": [{"PolicyName": "only", "PolicyDocument": allowed}],
        },
    )


def _statement(statement: Statement, sid: str) -> Json:
    found: dict[str, Json] = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": statement.actions,
        "Resource": [text(resource) for resource in statement.resources],
    }
    return (
        {**found, "Condition": _conditions(statement.conditions)} if statement.conditions else found
    )


def _conditions(conditions: Sequence[IamCondition]) -> Json:
    return {one.operator: {one.key: [text(value) for value in one.values]} for one in conditions}
