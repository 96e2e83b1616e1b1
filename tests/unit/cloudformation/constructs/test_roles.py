"""The statements of a role."""

from oort.cloudformation.constructs import roles
from oort.rules.cloud.statements import Statement


def test_statements_of_one_name_are_numbered() -> None:
    twice = Statement("Same", ("sqs:SendMessage",), ("arn:x",))
    found = roles.policy([twice, twice])["Statement"]
    assert isinstance(found, list)
    assert [one["Sid"] for one in found] == ["Same", "Same2"]
