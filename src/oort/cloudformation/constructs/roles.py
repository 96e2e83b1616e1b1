"""Roles. Each function has its own, and no other function may assume the role."""

from collections.abc import Iterable, Sequence

from oort.cloudformation.constructs.policies import VERSION
from oort.cloudformation.intrinsics import text
from oort.cloudformation.resources import Document, Resource
from oort.model.problems import Json
from oort.rules.grants.statement import IamCondition, Statement


def role(
    logical_id: str, *, service: str, statements: Iterable[Statement], description: str
) -> Resource:
    """Return a role that an AWS service assumes, for example `lambda`.

    The policies are inline, so that CloudFormation creates them together with the role. Lambda's
    trust policy has no condition on the account: only principals of this account can pass the role
    on, and a function runs in the account of its role.
    """
    return _role(logical_id, service, description, {}, policy(statements))


def account_role(
    logical_id: str, *, service: str, statements: Iterable[Statement], description: str
) -> Resource:
    """Return a role for an AWS service that acts for many accounts, to be assumed
    for this account only.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    """
    only = {"Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}}
    return _role(logical_id, service, description, only, policy(statements))


def policy(statements: Iterable[Statement]) -> Document:
    """Return the statements as a policy document."""
    documents: list[Json] = []
    names: dict[str, int] = {}
    for statement in statements:
        count = names[statement.name] = names.get(statement.name, 0) + 1
        # Sids must be unique in a policy.
        sid = statement.name if count == 1 else f"{statement.name}{count}"
        documents.append(_statement(statement, sid))
    return {"Version": VERSION, "Statement": documents}


def _role(
    logical_id: str, service: str, description: str, only: Document, allowed: Document
) -> Resource:
    trust: dict[str, Json] = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
        **only,
    }
    return Resource(
        logical_id,
        "AWS::IAM::Role",
        {
            "Description": description,
            "AssumeRolePolicyDocument": {"Version": VERSION, "Statement": [trust]},
            "Policies": [{"PolicyName": "only", "PolicyDocument": allowed}],
        },
    )


def _statement(statement: Statement, sid: str) -> Json:
    document: dict[str, Json] = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": statement.actions,
        "Resource": [text(resource) for resource in statement.resources],
    }
    return (
        {**document, "Condition": _conditions(statement.conditions)}
        if statement.conditions
        else document
    )


def _conditions(conditions: Sequence[IamCondition]) -> Json:
    return {
        condition.operator: {condition.key: [text(value) for value in condition.values]}
        for condition in conditions
    }
