"""Roles: who may take one on, and what it may do."""

from oort.cloudformation.constructs import roles
from oort.cloudformation.constructs.policies import VERSION
from oort.cloudformation.resources import Resource
from oort.rules.grants.statement import IamCondition, Statement
from tests.templates.reading import Found

SEND = Statement("Send", ("sqs:SendMessage",), ("arn:${AWS::Partition}:sqs:::queue",))


def trust(role: Resource) -> Found:
    document = role.properties["AssumeRolePolicyDocument"]
    assert isinstance(document, dict)
    (statement,) = document["Statement"]
    assert isinstance(statement, dict)
    return statement


def test_a_role_belongs_to_one_aws_service() -> None:
    role = roles.role("Role", service="lambda", statements=[SEND], description="Of one.")
    assert trust(role) == {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }


def test_a_service_that_acts_for_many_accounts_acts_for_this_one_only() -> None:
    """Without the condition anybody's schedule could send to these queues in the name of the scheduler."""
    role = roles.account_role(
        "SchedulerRole", service="scheduler", statements=[SEND], description="Of all."
    )
    assert trust(role)["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust(role)["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    }


def test_statements_of_one_name_get_ids_of_their_own() -> None:
    where = IamCondition("StringEquals", "kms:ViaService", ("sns.${AWS::Region}.amazonaws.com",))
    second = Statement("Send", ("kms:Decrypt",), ("*",), (where,))
    assert roles.policy([SEND, second]) == {
        "Version": VERSION,
        "Statement": [
            {
                "Sid": "Send",
                "Effect": "Allow",
                "Action": ("sqs:SendMessage",),
                "Resource": [{"Fn::Sub": "arn:${AWS::Partition}:sqs:::queue"}],
            },
            {
                "Sid": "Send2",
                "Effect": "Allow",
                "Action": ("kms:Decrypt",),
                "Resource": ["*"],
                "Condition": {
                    "StringEquals": {
                        "kms:ViaService": [{"Fn::Sub": "sns.${AWS::Region}.amazonaws.com"}]
                    }
                },
            },
        ],
    }
