"""Whatever AWS or botocore says becomes an error of ours that says what happened, where, and what to do next."""

import pytest
from botocore import exceptions

from oort.aws.failures import Rejected, ask, translated
from oort.model.errors import CloudRefused, NoCredentials, OortError, Unavailable
from tests.unit.aws.answering import refused


def error_for(error: Exception) -> OortError:
    with pytest.raises(OortError) as raised, translated("reading the table accounts.people"):
        raise error
    assert raised.value.__cause__ is error
    assert "while reading the table accounts.people" in raised.value.what
    assert raised.value.instead.endswith(".")
    return raised.value


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ExpiredToken", NoCredentials),
        ("ExpiredTokenException", NoCredentials),
        ("UnrecognizedClientException", NoCredentials),
        ("InvalidClientTokenId", NoCredentials),
        ("InvalidSignatureException", NoCredentials),
        ("SignatureDoesNotMatch", NoCredentials),
        ("Throttling", Unavailable),
        ("ThrottlingException", Unavailable),
        ("ProvisionedThroughputExceededException", Unavailable),
        ("RequestLimitExceeded", Unavailable),
        ("TransactionInProgressException", Unavailable),
        ("AccessDenied", CloudRefused),
        ("AccessDeniedException", CloudRefused),
        ("AuthorizationError", CloudRefused),
        ("ResourceNotFoundException", CloudRefused),
        ("AWS.SimpleQueueService.NonExistentQueue", CloudRefused),
        ("SomethingNew", CloudRefused),
    ],
)
def test_each_code_has_its_kind(code: str, kind: type[OortError]) -> None:
    error = error_for(refused(code, "The reason."))
    assert type(error) is kind
    assert f"{code}: The reason." in error.what


def test_a_sentence_says_what_to_do_next() -> None:
    assert "aws sso login" in error_for(refused("ExpiredToken")).instead
    assert "Give the role this action" in error_for(refused("AccessDeniedException")).instead
    assert "Deploy the stage" in error_for(refused("ResourceNotFoundException")).instead
    assert "Try again" in error_for(refused("Throttling")).instead


def test_a_failure_of_the_service_is_no_refusal() -> None:
    assert type(error_for(refused("Whatever", status=503))) is Unavailable


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (exceptions.NoCredentialsError(), NoCredentials),
        (
            exceptions.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
            NoCredentials,
        ),
        (exceptions.ProfileNotFound(profile="prod"), NoCredentials),
        (exceptions.UnauthorizedSSOTokenError(), NoCredentials),
        (exceptions.SSOTokenLoadError(error_msg="expired"), NoCredentials),
        (exceptions.EndpointConnectionError(endpoint_url="https://x.example"), Unavailable),
        (exceptions.ConnectTimeoutError(endpoint_url="https://x.example"), Unavailable),
        (exceptions.ReadTimeoutError(endpoint_url="https://x.example"), Unavailable),
        (exceptions.ConnectionClosedError(endpoint_url="https://x.example"), Unavailable),
        (exceptions.NoRegionError(), CloudRefused),
    ],
)
def test_each_error_of_botocore_has_its_kind(error: Exception, kind: type[OortError]) -> None:
    assert type(error_for(error)) is kind


@pytest.mark.parametrize("error", [exceptions.ParamValidationError(report="x"), ValueError("x")])
def test_a_mistake_in_the_program_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error)), translated("writing"):
        raise error


def test_an_error_with_a_response_of_another_kind_stays_what_it_is() -> None:
    error = ValueError("x")
    error.response = "text"  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="x"), translated("writing"):
        raise error


def test_what_an_adapter_expects_is_rejected_with_the_whole_answer() -> None:
    def method(**request: object) -> None:
        raise refused("ConditionalCheckFailedException", Item={"id": {"S": str(request["Key"])}})

    with pytest.raises(Rejected) as raised:
        ask(
            method,
            {"Key": "a"},
            doing="writing",
            expect=frozenset({"ConditionalCheckFailedException"}),
        )
    assert raised.value.code == "ConditionalCheckFailedException"
    assert raised.value.answer["Item"] == {"id": {"S": "a"}}


def test_an_answer_is_passed_on() -> None:
    assert ask(lambda **request: request["x"], {"x": 1}, doing="asking") == 1
