"""On AWS a function has a role of its own, with exactly what its signature asks for: no action more, on no other resource."""

from collections import Counter
from collections.abc import Iterator

import pytest

from oort.model.functions import FunctionModel, Subscription, Timer, Worker
from oort.model.platform import PlatformModel
from oort.model.resources import Kind
from oort.rules.grants.roles import UNSCOPED
from tests.golden import golden_templates as golden
from tests.templates import wide
from tests.templates.reading import Allowed, Found, allowed, filled, of_type, read, roles, walk
from tests.templates.reading import statements as own

ARN = "arn:aws:{}:eu-north-1:123456789012:{}"
THROUGH_SNS = "StringEquals kms:ViaService sns.eu-north-1.amazonaws.com"
# Where a `*` may stand as the whole resource: the actions have none to name.
NO_RESOURCE = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}


def only_rows(*rows: str) -> str:
    return f"ForAllValues:StringLike dynamodb:LeadingKeys {' '.join(rows)}; Null dynamodb:LeadingKeys false"


def table(name: str, *, platform: str = "cometbid") -> str:
    return ARN.format("dynamodb", f"table/{platform}_prod_{name}")


def running(function: str) -> set[Allowed]:
    """Logs and traces: what every function has and nobody asks for."""
    log = ARN.format("logs", f"log-group:/aws/lambda/{function}:*")
    return {
        Allowed("logs:CreateLogStream", log),
        Allowed("logs:PutLogEvents", log),
        Allowed("xray:PutTraceSegments", "*"),
        Allowed("xray:PutTelemetryRecords", "*"),
    }


def consuming(queue: str, inbox: str, function: str) -> set[Allowed]:
    actions = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility")
    mark = Allowed("dynamodb:PutItem", inbox, only_rows(f"{function}/*"))
    park = Allowed("sqs:SendMessage", ARN.format("sqs", f"{queue}_parked"))
    return {mark, park, *(Allowed(f"sqs:{action}", ARN.format("sqs", queue)) for action in actions)}


def publishing(event: str) -> set[Allowed]:
    service = event.partition(".")[0]
    return {
        Allowed("sns:Publish", ARN.format("sns", f"cometbid_prod_{event.replace('.', '_')}")),
        Allowed("kms:Decrypt", "<KeyArn>", THROUGH_SNS),
        Allowed("kms:GenerateDataKey", "<KeyArn>", THROUGH_SNS),
        Allowed("dynamodb:PutItem", table(f"{service}__outbox"), only_rows(f"publish/{event}/*")),
    }


def on(name: str, *actions: str) -> set[Allowed]:
    return {Allowed(f"dynamodb:{action}", table(name)) for action in actions}


# Written by hand from the signatures in apps/cometbid.
COMETBID: dict[str, set[Allowed]] = {
    "accounts.read": on("accounts_people", "GetItem"),
    "accounts.sign_up": on("accounts_people", "PutItem") | on("accounts_emails", "PutItem") | publishing("accounts.signed-up"),
    "accounts.in_country": {Allowed("dynamodb:Query", table("accounts_people") + "/index/by_country")},
    "accounts.change_email": on("accounts_people", "GetItem", "PutItem") | on("accounts_emails", "PutItem", "DeleteItem")
    | publishing("accounts.email-changed"),
    "accounts.close": on("accounts_people", "GetItem", "DeleteItem") | on("accounts_emails", "DeleteItem")
    | on("accounts_archive", "PutItem") | publishing("accounts.closed"),
    "email.welcome": {
        Allowed("sqs:SendMessage", ARN.format("sqs", "cometbid_prod_email_outgoing")),
        Allowed("dynamodb:PutItem", table("email__outbox"), only_rows("send/email.outgoing/*")),
    } | consuming("cometbid_prod_email_welcome", table("email__inbox"), "email.welcome"),
    "email.deliver": on("email_sent", "PutItem")
    | {Allowed("dynamodb:UpdateItem", table("email__inbox"), only_rows("once/email.deliver/*/*"))}
    | consuming("cometbid_prod_email_outgoing", table("email__inbox"), "email.deliver"),
    "email.sent_mails": on("email_sent", "Scan"),
    "analytics.count": on("analytics_counts", "UpdateItem")
    | consuming("cometbid_prod_analytics_count", table("analytics__inbox"), "analytics.count"),
    "analytics.show": on("analytics_counts", "Query"),
    "onboarding.first_workspace": on("onboarding_workspaces", "PutItem")
    | consuming("cometbid_prod_onboarding_first-workspace", table("onboarding__inbox"), "onboarding.first_workspace"),
    "onboarding.all_workspaces": on("onboarding_workspaces", "Scan"),
    "onboarding.workspace": on("onboarding_workspaces", "GetItem"),
}  # fmt: skip


@pytest.fixture(scope="module")
def reference() -> dict[str, Found]:
    return {one.name: read(one) for one in golden.COMETBID.every(golden.COMETBID.model())}


@pytest.fixture(scope="module")
def model() -> PlatformModel:
    return wide.platform()


@pytest.fixture(scope="module")
def large(model: PlatformModel) -> dict[str, Found]:
    return {one.name: read(one) for one in wide.every(model)}


@pytest.fixture(scope="module")
def documents(reference: dict[str, Found], large: dict[str, Found]) -> list[Found]:
    return [*reference.values(), *large.values()]


def test_a_function_that_reads_one_item_may_get_it_and_nothing_else(
    reference: dict[str, Found],
) -> None:
    may = allowed(roles(reference["accounts"])["accounts.read"])
    assert may - running("cometbid_prod_accounts_read") == {
        Allowed(
            "dynamodb:GetItem",
            "arn:aws:dynamodb:eu-north-1:123456789012:table/cometbid_prod_accounts_people",
        )
    }


def test_every_function_of_the_reference_platform_has_what_is_written_here(
    reference: dict[str, Found],
) -> None:
    found = {
        name: allowed(role)
        for document in reference.values()
        for name, role in roles(document).items()
    }
    relays = {f"{service}._relay" for service in ("accounts", "email")}
    assert found.keys() - relays == COMETBID.keys()
    for name, may in COMETBID.items():
        assert found[name] == may | running(f"cometbid_prod_{name.replace('.', '_')}"), name


def test_the_relay_may_send_what_its_service_may_send_and_nothing_else(
    reference: dict[str, Found],
) -> None:
    may = allowed(roles(reference["email"])["email._relay"]) - running("cometbid_prod_email__relay")
    stream = "<Outbox.StreamArn>"
    assert may == {
        Allowed("dynamodb:DescribeStream", stream),
        Allowed("dynamodb:GetRecords", stream),
        Allowed("dynamodb:GetShardIterator", stream),
        Allowed("dynamodb:ListStreams", table("email__outbox") + "/stream/*"),
        Allowed("dynamodb:DeleteItem", table("email__outbox")),
        Allowed("sqs:SendMessage", ARN.format("sqs", "cometbid_prod_email__undelivered")),
        Allowed("sqs:SendMessage", ARN.format("sqs", "cometbid_prod_email_outgoing")),
    }


def expected(function: FunctionModel, model: PlatformModel) -> Iterator[tuple[str, str]]:
    """What the grants and the trigger say, in other words than the product's: (action, end of the resource)."""
    words = {
        "get": "GetItem",
        "put": "PutItem",
        "update": "UpdateItem",
        "delete": "DeleteItem",
        "scan": "Scan",
    }
    service = function.service
    indexes = {
        one.name: [index.name for index in one.indexes if not index.primary] for one in model.tables
    }
    for grant in function.grants:
        end = f"wide_prod_{grant.resource.replace('.', '_')}"
        for action in grant.actions:
            if grant.kind is Kind.QUEUE:
                yield "sqs:SendMessage", end
            elif grant.kind is Kind.EVENT:
                yield from [
                    ("sns:Publish", end),
                    ("kms:Decrypt", "<KeyArn>"),
                    ("kms:GenerateDataKey", "<KeyArn>"),
                ]
            elif grant.kind is Kind.CALL:
                yield (
                    "lambda:InvokeFunction",
                    f"function:wide_prod_{grant.resource.partition('.')[0]}_quote_price:live",
                )
            elif action == "query" and indexes[grant.resource]:
                yield from (
                    ("dynamodb:Query", f"table/{end}/index/{index}")
                    for index in indexes[grant.resource]
                )
            else:
                known = {**words, "check": "ConditionCheckItem", "query": "Query"}
                yield f"dynamodb:{known[action]}", f"table/{end}"
    if any(grant.kind in (Kind.QUEUE, Kind.EVENT) for grant in function.grants):
        yield "dynamodb:PutItem", f"table/wide_prod_{service}__outbox"
    if isinstance(function.trigger, Subscription | Worker | Timer):
        queue = f"wide_prod_{function.trigger.queue.replace('.', '_')}"
        for action in (
            "ReceiveMessage",
            "DeleteMessage",
            "GetQueueAttributes",
            "ChangeMessageVisibility",
        ):
            yield f"sqs:{action}", queue
        yield "sqs:SendMessage", f"{queue}_parked"
        yield "dynamodb:PutItem", f"table/wide_prod_{service}__inbox"


def test_every_function_of_a_wide_platform_has_what_its_grants_say(
    model: PlatformModel, large: dict[str, Found]
) -> None:
    found = {name: role for document in large.values() for name, role in roles(document).items()}
    for function in model.functions:
        name = f"wide_prod_{function.name.replace('.', '_')}"
        may = {
            (one.action, one.resource.split(":", 5)[-1])
            for one in allowed(found[function.name]) - running(name)
        }
        assert may == set(expected(function, model)), function.name


def test_no_role_is_shared(documents: list[Found]) -> None:
    for document in documents:
        made = of_type(document, "IAM::Role")
        functions = of_type(document, "Lambda::Function")
        used = Counter(one["Role"]["Fn::GetAtt"][0] for one in functions.values())
        assert set(used.values()) <= {1}
        assert set(made) - set(used) <= {"SchedulerRole", "ApiLogRole"}
        for name in used:
            trust = made[name]["AssumeRolePolicyDocument"]["Statement"]
            assert [one["Principal"] for one in trust] == [{"Service": "lambda.amazonaws.com"}]


def test_no_action_holds_a_star_and_no_resource_is_one(documents: list[Found]) -> None:
    for document in documents:
        for role in of_type(document, "IAM::Role").values():
            for one in own(role):
                assert one["Effect"] == "Allow"
                assert not any("*" in action for action in one["Action"]), one
                if any(filled(resource) == "*" for resource in one["Resource"]):
                    assert set(one["Action"]) <= NO_RESOURCE
    assert UNSCOPED.keys() == NO_RESOURCE
    assert all("https://docs.aws.amazon.com/" in reason for reason in UNSCOPED.values())


def test_no_policy_of_aws_is_attached_but_one(documents: list[Found]) -> None:
    """API Gateway refuses a role for its access logs that has less than this policy."""
    attached = {
        filled(arn)
        for document in documents
        for role in of_type(document, "IAM::Role").values()
        for arn in role.get("ManagedPolicyArns", [])
    }
    assert attached == {"arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"}
    assert not any(
        "AdministratorAccess" in str(one) for document in documents for one in walk(document)
    )


def test_only_its_own_path_may_start_a_function(documents: list[Found]) -> None:
    for document in documents:
        for one in of_type(document, "Lambda::Permission").values():
            source = filled(one["SourceArn"])
            assert source.startswith("arn:aws:execute-api:eu-north-1:123456789012:<Api>/prod/")
            assert source.split("/")[2] in {"GET", "POST", "PATCH", "DELETE", "PUT"}
            assert one["FunctionName"]["Ref"].startswith("Live")


def test_the_schedules_may_only_send_to_their_own_queues(large: dict[str, Found]) -> None:
    role = of_type(large["s0"], "IAM::Role")["SchedulerRole"]
    assert allowed(role) == {
        Allowed("sqs:SendMessage", ARN.format("sqs", "wide_prod_s0_tidy")),
        Allowed("sqs:SendMessage", ARN.format("sqs", "wide_prod_s0__undelivered")),
    }
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
