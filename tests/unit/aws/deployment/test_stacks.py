"""CloudFormation's answers become stacks, plans and events; what it refuses becomes a sentence."""

from datetime import UTC, datetime

import pytest

from oort.aws.deployment.stacks import CloudFormationStacks, state_of
from oort.model.delivery.deployments import StackChange, StackPlan, StackRequest, StackState
from oort.model.errors import CloudRefused, DeploymentFailed, NoCredentials, Unavailable
from tests.unit.aws.scripted import clients, refused

MISSING = refused("ValidationError", "Stack with id shop does not exist")
REQUEST = StackRequest("shop", b"{}", (("oort:platform", "shop"),))
THERE = {"Stacks": [{"StackStatus": "CREATE_COMPLETE", "Tags": [{"Key": "a", "Value": "b"}]}]}
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "means"),
    [
        ("CREATE_COMPLETE", StackState.GOOD),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", StackState.GOOD),
        ("UPDATE_IN_PROGRESS", StackState.MOVING),
        ("UPDATE_ROLLBACK_IN_PROGRESS", StackState.MOVING),
        ("UPDATE_ROLLBACK_COMPLETE", StackState.ROLLED_BACK),
        ("ROLLBACK_COMPLETE", StackState.NEVER_CREATED),
        ("REVIEW_IN_PROGRESS", StackState.ABSENT),
        ("UPDATE_ROLLBACK_FAILED", StackState.STUCK),
        ("DELETE_FAILED", StackState.STUCK),
    ],
)
def test_a_status_means_one_thing(status: str, means: StackState) -> None:
    assert state_of(status) is means


def test_a_stack_is_read_with_its_outputs_and_tags() -> None:
    outputs = [{"OutputKey": "Url", "OutputValue": "x"}]
    found = {
        "StackStatus": "UPDATE_COMPLETE",
        "Outputs": outputs,
        "Tags": [{"Key": "a", "Value": "b"}],
    }
    made, _ = clients(describe_stacks=[{"Stacks": [found]}])
    stack = CloudFormationStacks(made).get("shop")
    assert (stack.state, stack.outputs, stack.tags) == (
        StackState.GOOD,
        {"Url": "x"},
        {"a": "b"},
    )


def test_a_stack_that_is_not_there_is_absent_and_has_no_events() -> None:
    made, _ = clients(describe_stacks=[MISSING], describe_stack_events=[MISSING])
    stacks = CloudFormationStacks(made)
    assert stacks.get("shop").state is StackState.ABSENT
    assert stacks.events("shop") == ()


def test_the_template_of_a_stack_is_json_and_empty_for_a_missing_stack() -> None:
    made, _ = clients(
        get_template=[{"TemplateBody": {"Resources": {}}}, {"TemplateBody": "x: 1"}, MISSING]
    )
    stacks = CloudFormationStacks(made)
    assert [stacks.template("shop") for _ in range(3)] == [b'{"Resources": {}}', b"x: 1", b""]
    denied, _ = clients(get_template=[refused("AccessDenied")])
    with pytest.raises(CloudRefused, match="shop"):
        CloudFormationStacks(denied).template("shop")


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (refused("ValidationError", "1 validation error detected"), CloudRefused),
        (refused("AccessDenied"), CloudRefused),
        (refused("ExpiredToken"), NoCredentials),
        (refused("Throttling"), Unavailable),
    ],
)
def test_what_is_refused_says_so(error: Exception, ours: type[Exception]) -> None:
    made, _ = clients(describe_stacks=[error])
    with pytest.raises(ours, match="shop"):
        CloudFormationStacks(made).get("shop")


def test_a_plan_is_begun_waited_for_and_read_page_by_page() -> None:
    change = {
        "LogicalResourceId": "People",
        "ResourceType": "AWS::DynamoDB::Table",
        "Action": "Modify",
        "Replacement": "True",
    }
    first = {"Status": "CREATE_COMPLETE", "Changes": [{"ResourceChange": change}], "NextToken": "2"}
    second = {
        "Status": "CREATE_COMPLETE",
        "Changes": [{"ResourceChange": {**change, "Action": "Add", "Replacement": "False"}}],
    }
    made, client = clients(
        describe_stacks=[THERE],
        create_change_set=[{"Id": "arn"}],
        describe_change_set=[{"Status": "CREATE_PENDING"}, first, second],
        execute_change_set=[{}],
    )
    stacks = CloudFormationStacks(made)
    assert stacks.plan(REQUEST) is None
    plan = stacks.plan(REQUEST)
    assert plan is not None
    assert plan.changes == (
        StackChange("People", "AWS::DynamoDB::Table", "Add"),
        StackChange("People", "AWS::DynamoDB::Table", "Modify", replaced=True),
    )
    stacks.execute(plan)
    asked = dict(client.asked)
    assert asked["create_change_set"]["ChangeSetType"] == "UPDATE"
    assert asked["create_change_set"]["TemplateBody"] == "{}"
    assert asked["execute_change_set"] == {"StackName": "shop", "ChangeSetName": "arn"}


def test_a_new_stack_takes_back_what_outlived_the_last_one() -> None:
    made, client = clients(
        describe_stacks=[MISSING],
        create_change_set=[{"Id": "arn"}],
        describe_change_set=[{"Status": "CREATE_PENDING"}],
    )
    CloudFormationStacks(made).plan(StackRequest("shop", b"{}", (), url="https://bucket/template"))
    asked = dict(client.asked)["create_change_set"]
    assert (asked["ChangeSetType"], asked["ImportExistingResources"]) == ("CREATE", True)
    assert asked["TemplateURL"] == "https://bucket/template"
    assert "TemplateBody" not in asked


@pytest.mark.parametrize(
    "reason",
    ["The submitted information didn't contain changes.", "No updates are to be performed."],
)
def test_a_plan_without_changes_is_empty_and_forgotten(reason: str) -> None:
    failed = {"Status": "FAILED", "StatusReason": reason}
    made, client = clients(
        describe_stacks=[THERE],
        create_change_set=[{"Id": "arn"}],
        describe_change_set=[failed],
        delete_change_set=[{}],
    )
    assert CloudFormationStacks(made).plan(REQUEST) == StackPlan("shop", "arn", ())
    assert client.asked[-1][0] == "delete_change_set"


def test_a_plan_that_fails_says_why() -> None:
    failed = {"Status": "FAILED", "StatusReason": "Parameters: [/shop/prod/key] do not exist"}
    made, _ = clients(
        describe_stacks=[THERE],
        create_change_set=[{"Id": "arn"}],
        describe_change_set=[failed],
        delete_change_set=[{}],
    )
    with pytest.raises(DeploymentFailed, match="cannot be planned: Parameters"):
        CloudFormationStacks(made).plan(REQUEST)


@pytest.mark.parametrize(
    ("status", "removed"), [("REVIEW_IN_PROGRESS", True), ("CREATE_COMPLETE", False)]
)
def test_a_plan_is_discarded_with_the_stack_that_it_alone_made(
    status: str, *, removed: bool
) -> None:
    made, client = clients(
        delete_change_set=[{}],
        describe_stacks=[{"Stacks": [{"StackStatus": status}]}],
        delete_stack=[{}],
    )
    CloudFormationStacks(made).discard(StackPlan("shop", "arn", ()))
    assert ("delete_stack" in dict(client.asked)) is removed


def test_events_come_oldest_first() -> None:
    events = [
        {"EventId": "2", "LogicalResourceId": "People", "ResourceType": "T", "ResourceStatus": "CREATE_FAILED",
         "ResourceStatusReason": "taken", "Timestamp": MOMENT},
        {"EventId": "1", "Timestamp": MOMENT},
    ]  # fmt: skip
    made, _ = clients(describe_stack_events=[{"StackEvents": events}])
    first, second = CloudFormationStacks(made).events("shop")
    assert (first.id, first.failed) == ("1", False)
    assert (second.resource, second.reason, second.failed) == ("People", "taken", True)
