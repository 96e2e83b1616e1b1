"""What Oort deploys is encrypted, speaks TLS only, loses no message and no data, and says whose it is, without being told to."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from oort.cloudformation import rendering, tags
from oort.model import limits
from tests.golden.golden_templates import COMETBID
from tests.templates import wide
from tests.templates.reading import (
    PSEUDO,
    Found,
    environment,
    filled,
    of_type,
    read,
    references,
    walk,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def documents() -> dict[str, Found]:
    """Every template of both platforms, by its stack."""
    every = (*COMETBID.every(COMETBID.model()), *wide.every(wide.platform()))
    return {one.stack: read(one) for one in every}


def each(documents: dict[str, Found], kind: str) -> list[tuple[str, Found]]:
    """Every resource of a type; there is at least one."""
    found = [
        (f"{stack}: {name}", it)
        for stack, one in documents.items()
        for name, it in of_type(one, kind).items()
    ]
    assert found, kind
    return found


def denies_plaintext(document: Found) -> bool:
    return any(
        one["Effect"] == "Deny"
        and one["Principal"] == "*"
        and one["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        for one in document["Statement"]
    )


# -- at rest


def test_every_table_is_encrypted_and_can_be_restored(documents: dict[str, Found]) -> None:
    for name, table in each(documents, "DynamoDB::Table"):
        assert table["SSESpecification"] == {"SSEEnabled": True}, name
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}, (
            name
        )
        assert table["BillingMode"] == "PAY_PER_REQUEST", name


def test_every_queue_topic_and_bucket_is_encrypted(documents: dict[str, Found]) -> None:
    assert all(queue["SqsManagedSseEnabled"] is True for _, queue in each(documents, "SQS::Queue"))
    assert all(
        filled(topic["KmsMasterKeyId"]) == "<Key.Arn>" for _, topic in each(documents, "SNS::Topic")
    )
    for _, bucket in each(documents, "S3::Bucket"):
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_the_key_is_renewed_and_serves_sns_for_this_account_only(
    documents: dict[str, Found],
) -> None:
    for _, key in each(documents, "KMS::Key"):
        assert key["EnableKeyRotation"] is True
        account, delivery = key["KeyPolicy"]["Statement"]
        assert filled(account["Principal"]["AWS"]) == "arn:aws:iam::123456789012:root"
        assert delivery["Principal"] == {"Service": "sns.amazonaws.com"}
        assert delivery["Condition"] == {
            "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        }


# -- in transit


def test_an_api_speaks_tls_1_3_only(documents: dict[str, Found]) -> None:
    for _, api in each(documents, "ApiGateway::RestApi"):
        assert api["SecurityPolicy"] == "SecurityPolicy_TLS13_1_3_2025_09"
        assert api["EndpointAccessMode"] == "STRICT"
        assert api["EndpointConfiguration"] == {"Types": ["REGIONAL"]}


def test_nothing_takes_plaintext(documents: dict[str, Found]) -> None:
    for name, table in each(documents, "DynamoDB::Table"):
        assert denies_plaintext(table["ResourcePolicy"]["PolicyDocument"]), name
    for policies, guarded in (
        ("SQS::QueuePolicy", "SQS::Queue"),
        ("SNS::TopicPolicy", "SNS::Topic"),
        ("S3::BucketPolicy", "S3::Bucket"),
    ):
        assert all(
            denies_plaintext(policy["PolicyDocument"]) for _, policy in each(documents, policies)
        )
        for document in documents.values():
            named = set(references([
                one.get("Queues") or one.get("Topics") or one.get("Bucket") for one in of_type(document, policies).values()
            ]))  # fmt: skip
            assert named == set(of_type(document, guarded))


def test_the_bucket_of_the_packages_is_closed(documents: dict[str, Found]) -> None:
    for _, bucket in each(documents, "S3::Bucket"):
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        assert bucket["OwnershipControls"] == {
            "Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]
        }
        assert not any(
            "ExpirationInDays" in rule for rule in bucket["LifecycleConfiguration"]["Rules"]
        )


# -- nothing is lost


def test_there_are_dead_letters_at_every_hop(documents: dict[str, Found]) -> None:
    for _, document in documents.items():
        queues = of_type(document, "SQS::Queue")
        for name, queue in queues.items():
            if name.startswith("Queue"):
                dead = queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
                assert dead == name.replace("Queue", "Dead", 1)
                assert queues[dead]["MessageRetentionPeriod"] == 14 * 24 * 3600
                own = [filled(arn) for arn in queues[dead]["RedriveAllowPolicy"]["sourceQueueArns"]]
                assert own == [f"arn:aws:sqs:eu-north-1:123456789012:{queue['QueueName']}"]
        for subscription in of_type(document, "SNS::Subscription").values():
            assert subscription["RedrivePolicy"]["deadLetterTargetArn"] == {
                "Fn::GetAtt": ["Undelivered", "Arn"]
            }
        for schedule in of_type(document, "Scheduler::Schedule").values():
            assert schedule["Target"]["DeadLetterConfig"]["Arn"] == {
                "Fn::GetAtt": ["Undelivered", "Arn"]
            }
        for mapping in of_type(document, "Lambda::EventSourceMapping").values():
            assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
            if "StartingPosition" in mapping:
                assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == {
                    "Fn::GetAtt": ["Undelivered", "Arn"]
                }


def test_a_message_stays_invisible_for_six_times_the_time_out(documents: dict[str, Found]) -> None:
    for document in documents.values():
        functions, aliases = (
            of_type(document, "Lambda::Function"),
            of_type(document, "Lambda::Alias"),
        )
        for mapping in of_type(document, "Lambda::EventSourceMapping").values():
            if "StartingPosition" not in mapping:
                function = functions[aliases[mapping["FunctionName"]["Ref"]]["FunctionName"]["Ref"]]
                queue = of_type(document, "SQS::Queue")[mapping["EventSourceArn"]["Fn::GetAtt"][0]]
                assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]


def test_a_topic_may_deliver_to_its_subscribers_queue_only(documents: dict[str, Found]) -> None:
    for _, policy in each(documents, "SQS::QueuePolicy"):
        for one in policy["PolicyDocument"]["Statement"]:
            if one["Effect"] == "Allow":
                assert (one["Action"], one["Principal"]) == (
                    "sqs:SendMessage",
                    {"Service": "sns.amazonaws.com"},
                )
                assert all(
                    filled(arn).startswith("arn:aws:sns:")
                    for arn in one["Condition"]["ArnEquals"]["aws:SourceArn"]
                )


def test_tables_and_versions_outlive_their_stack(documents: dict[str, Found]) -> None:
    for document in documents.values():
        for name, resource in document["Resources"].items():
            fate = (
                resource.get("DeletionPolicy", "Delete"),
                resource.get("UpdateReplacePolicy", "Delete"),
            )
            kind = resource["Type"]
            if kind == "AWS::DynamoDB::Table" and name != "Inbox":
                assert fate == ("RetainExceptOnCreate", "Retain")
            if kind in ("AWS::Lambda::Version", "AWS::Cognito::UserPool"):
                assert fate == ("Retain", "Retain")
            if kind in ("AWS::KMS::Key", "AWS::S3::Bucket"):
                assert fate == ("RetainExceptOnCreate", "Retain")


# -- who may come in


def test_a_private_route_asks_for_an_access_token(documents: dict[str, Found]) -> None:
    for name, method in each(documents, "ApiGateway::Method"):
        if method["AuthorizationType"] == "NONE":
            public = name in {
                "cometbid-prod-accounts: MethodSignUp",
                "cometbid-prod-analytics: MethodShow",
            }
            assert public or name.endswith(": MethodPlace") or method["HttpMethod"] == "OPTIONS", (
                name
            )
        else:
            assert method["AuthorizationType"] == "COGNITO_USER_POOLS"
            assert method["AuthorizationScopes"] == ["aws.cognito.signin.user.admin", "openid"]


def test_the_users_are_protected(documents: dict[str, Found]) -> None:
    for _, pool in each(documents, "Cognito::UserPool"):
        assert pool["DeletionProtection"] == "ACTIVE"
        assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] >= 12
        assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    for _, client in each(documents, "Cognito::UserPoolClient"):
        assert client["GenerateSecret"] is False
        assert client["PreventUserExistenceErrors"] == "ENABLED"
        assert client["EnableTokenRevocation"] is True
        assert "ALLOW_USER_PASSWORD_AUTH" not in client["ExplicitAuthFlows"]


def test_every_route_is_throttled_and_its_log_names_nobody(documents: dict[str, Found]) -> None:
    for _, stage in each(documents, "ApiGateway::Stage"):
        assert stage["TracingEnabled"] is True
        for setting in stage["MethodSettings"]:
            assert 0 < setting["ThrottlingRateLimit"] <= limits.HIGHEST_RATE.per_second
            assert 0 < setting["ThrottlingBurstLimit"] <= limits.HIGHEST_RATE.burst
            assert setting["DataTraceEnabled"] is False
        logged = json.loads(stage["AccessLogSetting"]["Format"])
        personal = re.compile(
            r"identity|authorizer|sourceIp|userAgent|context\.path\b|customDomain"
        )
        assert not any(personal.search(value) for value in logged.values())


# -- the form


def test_no_secret_and_no_key_is_in_an_environment(documents: dict[str, Found]) -> None:
    for name, function in each(documents, "Lambda::Function"):
        variables = function["Environment"]["Variables"]
        known = environment(function).variables().keys()
        assert set(variables) - known <= {"COLOUR"}, name
        assert not any(
            "resolve:" in str(value) or "Secret" in str(value) for value in variables.values()
        )


def test_no_stack_is_tied_to_another(documents: dict[str, Found]) -> None:
    for document in documents.values():
        assert not any(isinstance(one, dict) and "Fn::ImportValue" in one for one in walk(document))
        assert not any("Export" in output for output in document.get("Outputs", {}).values())
        for parameter in document.get("Parameters", {}).values():
            assert parameter["Type"] == "AWS::SSM::Parameter::Value<String>"


def test_what_a_service_reads_a_platform_stack_tells(documents: dict[str, Found]) -> None:
    told = {parameter["Name"] for _, parameter in each(documents, "SSM::Parameter")}
    read_by = {
        one["Default"]
        for document in documents.values()
        for one in document.get("Parameters", {}).values()
    }
    assert read_by <= told
    assert read_by >= {
        "/cometbid/prod/assets-bucket",
        "/cometbid/prod/key-arn",
        "/cometbid/prod/user-pool-arn",
    }


def test_every_reference_leads_somewhere_and_every_parameter_is_used(
    documents: dict[str, Found],
) -> None:
    for stack, document in documents.items():
        known = set(document["Resources"]) | set(document.get("Parameters", {})) | set(PSEUDO)
        used = set(references(document))
        assert used <= known, stack
        assert set(document.get("Parameters", {})) <= used, stack
        after = [one for it in document["Resources"].values() for one in it.get("DependsOn", [])]
        assert set(after) <= set(document["Resources"]), stack


def test_every_resource_that_can_have_tags_says_whose_it_is(documents: dict[str, Found]) -> None:
    untagged = {
        "AWS::ApiGateway::Account", "AWS::ApiGateway::Authorizer", "AWS::ApiGateway::Deployment", "AWS::ApiGateway::Method",
        "AWS::ApiGateway::GatewayResponse", "AWS::ApiGateway::Resource", "AWS::Cognito::UserPoolClient",
        "AWS::Cognito::UserPoolGroup", "AWS::KMS::Alias", "AWS::Lambda::Alias", "AWS::Lambda::Permission",
        "AWS::Lambda::Version", "AWS::S3::BucketPolicy", "AWS::SNS::Subscription", "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy", "AWS::Scheduler::Schedule",
    }  # fmt: skip
    for stack, document in documents.items():
        for resource in document["Resources"].values():
            if resource["Type"] in untagged:
                continue
            found = resource["Properties"][tags.name_of(resource["Type"])]
            named = (
                found if isinstance(found, dict) else {one["Key"]: one["Value"] for one in found}
            )
            assert named["oort:platform"] == stack.split("-")[0]
            assert named["oort:stage"] == "prod"
            assert named["oort:service"] in stack or named["oort:service"] == "_platform"
            assert stack.startswith("cometbid") or named["team"] == "core"


def test_every_template_is_within_the_limits_and_there_is_one_for_each_service() -> None:
    made = wide.every(wide.platform())
    assert len({one.stack for one in made}) == len(made) == 36
    for template in made:
        assert len(template.resources) <= 500
        assert len(rendering.rendered(template)) <= 1024 * 1024


def test_another_service_leaves_a_template_as_it_is() -> None:
    """P9: what is deployed when one service changes is that service."""
    whole, smaller = COMETBID.model(), COMETBID.model()
    changed = type(whole)(whole.name, (*(one for one in whole.services if one.name != "email"),))
    before = {one.name: rendering.rendered(one) for one in COMETBID.every(smaller)}
    after = {one.name: rendering.rendered(one) for one in COMETBID.every(changed)}
    assert {name for name, data in after.items() if before[name] != data} == set()


@pytest.mark.slow
def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    written = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run(
            [sys.executable, "-m", "tests.templates.wide", str(folder)],
            cwd=ROOT,
            env=environment,
            check=True,
        )
        written.append({file.name: file.read_bytes() for file in folder.iterdir()})
    assert written[0] == written[1]
    assert len(written[0]) == 6
