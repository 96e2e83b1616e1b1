"""Requests to AWS and their errors. botocore's errors become Oort's here, so that no type of
botocore crosses a port.

Every adapter sends its requests through `ask`. An error that an adapter expects is raised
as Rejected, and the adapter must handle it. Every other error names the failure, its
location and the next step.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar, cast

from oort.model.errors import CloudRefused, NoCredentials, OortError, Unavailable

A = TypeVar("A")

_AGAIN = (
    "Try again; if it goes on, look at the health of the region and at the quotas of the account."
)
_SIGN_IN = (
    "Sign in again, for example with `aws sso login`, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and"
    " its companions."
)
_PERMIT = (
    "Give the role this action on this resource; a handler's role has what its signature asks for,"
    " once deployed."
)
_MISSING = (
    "Deploy the stage, and look whether platform, stage, account and region are the ones that you"
    " mean."
)
_LOOK = "Look at what AWS says about it."

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
# and the common errors of the APIs.
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_UNKNOWN = frozenset({
    "AuthFailure", "IncompleteSignature", "IncompleteSignatureException", "InvalidAccessKeyId",
    "InvalidClientTokenId", "InvalidSignatureException", "MissingAuthenticationToken",
    "MissingAuthenticationTokenException", "SignatureDoesNotMatch", "UnrecognizedClientException",
})  # fmt: skip
_BUSY = frozenset({
    "InternalError", "InternalFailure", "InternalServerError", "KmsThrottled",
    "LimitExceededException.Throttled", "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException", "RequestLimitExceeded", "RequestThrottled",
    "RequestThrottledException", "RequestTimeout", "ServiceUnavailable",
    "ServiceUnavailableException", "SlowDown", "ThrottledException", "Throttling",
    "ThrottlingException", "TooManyRequestsException", "TransactionConflictException",
    "TransactionInProgressException",
})  # fmt: skip
_DENIED = frozenset({
    "AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException",
    "UnauthorizedOperation", "AWS.SimpleQueueService.AccessDenied",
})  # fmt: skip
_ABSENT = frozenset({
    "AWS.SimpleQueueService.NonExistentQueue", "NotFound", "NotFoundException", "QueueDoesNotExist",
    "ResourceNotFoundException",
})  # fmt: skip
# botocore's classes by name, so that other errors do not load botocore.
_NO_CREDENTIALS = frozenset({
    "CredentialRetrievalError", "InvalidConfigError", "NoAuthTokenError", "NoCredentialsError",
    "PartialCredentialsError", "ProfileNotFound", "SSOTokenLoadError", "TokenRetrievalError",
    "UnauthorizedSSOTokenError",
})  # fmt: skip
_NO_ANSWER = frozenset({"ConnectionError", "HTTPClientError"})
_OUR_MISTAKES = frozenset(
    {"ParamValidationError", "UnknownServiceError", "OperationNotPageableError"}
)


class Rejected(Exception):
    """An error of AWS that the adapter expects, never raised outside of `oort.aws`."""

    def __init__(self, code: str, message: str, answer: Mapping[str, object]) -> None:
        self.code = code
        self.message = message
        self.answer = answer
        super().__init__(f"{code}: {message}")


def ask(
    method: Callable[..., A],
    request: Mapping[str, object],
    *,
    doing: str,
    expect: frozenset[str] = frozenset(),
) -> A:
    """Return the response to a request.

    Rejected if its error is in `expect`; otherwise the errors of `translated`.
    """
    with translated(doing, expect=expect):
        return method(**request)


@contextmanager
def translated(doing: str, *, expect: frozenset[str] = frozenset()) -> Iterator[None]:
    """Translate botocore's errors inside the block to NoCredentials, Unavailable and CloudRefused.

    Codes in `expect` become Rejected. `doing` completes the sentence that begins with `while`:
    `reading the table accounts.people`.
    """
    try:
        yield
    except Exception as error:
        code, message, answer = _parts_of(error)
        if code in expect:
            raise Rejected(code, message, answer) from error
        ours = error_for(error, doing=doing)
        if ours is None:
            raise
        raise ours from error


def error_for(error: Exception, *, doing: str) -> OortError | None:
    """Return Oort's error for an error of botocore; None if the error is a
    mistake in Oort's own code.
    """
    kinds = {
        kind.__name__ for kind in type(error).__mro__ if kind.__module__.startswith("botocore.")
    }
    if "ClientError" in kinds:
        return _answered(error, doing)
    if "BotoCoreError" not in kinds or kinds & _OUR_MISTAKES:
        return None
    reason = str(error).rstrip(".")
    if kinds & _NO_CREDENTIALS:
        return NoCredentials(f"There are no usable credentials while {doing}: {reason}.", _SIGN_IN)
    if kinds & _NO_ANSWER:
        return Unavailable(f"AWS could not be reached in time while {doing}: {reason}.", _AGAIN)
    return CloudRefused(f"The request cannot be made while {doing}: {reason}.", _LOOK)


def _answered(error: Exception, doing: str) -> OortError:
    code, message, answer = _parts_of(error)
    reason = f"{code}: {message}".rstrip(".")
    if code in _EXPIRED:
        return NoCredentials(f"The credentials have expired while {doing}: {reason}.", _SIGN_IN)
    if code in _UNKNOWN:
        return NoCredentials(
            f"AWS does not accept the credentials while {doing}: {reason}.", _SIGN_IN
        )
    if code in _BUSY or _status(answer) >= 500:
        return Unavailable(f"AWS was too busy while {doing}: {reason}.", _AGAIN)
    if code in _DENIED:
        return CloudRefused(f"AWS does not permit it while {doing}: {reason}.", _PERMIT)
    if code in _ABSENT:
        return CloudRefused(
            f"AWS does not know what was asked for while {doing}: {reason}.", _MISSING
        )
    return CloudRefused(f"AWS refused a request while {doing}: {reason}.", _LOOK)


def _parts_of(error: Exception) -> tuple[str, str, Mapping[str, object]]:
    """Code, message and response of a ClientError; empty for all other errors."""
    answer: object = getattr(error, "response", None)
    if not isinstance(answer, Mapping):
        return "", "", {}
    fault = cast(Mapping[str, str], answer.get("Error", {}))
    return fault.get("Code", ""), fault.get("Message", ""), answer


def _status(answer: Mapping[str, object]) -> int:
    about = cast(Mapping[str, int], answer.get("ResponseMetadata", {}))
    return about.get("HTTPStatusCode", 0)
