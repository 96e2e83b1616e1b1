"""Requests to AWS, and what they fail with: botocore's errors become ours here, so that none of its types crosses a port.

Every adapter asks through `ask`. Errors that an adapter understands are Rejected, which it must not let through; all others
say what happened, where, and what to do next.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar, cast

from oort.model.errors import CloudRefused, NoCredentials, OortError, Unavailable

A = TypeVar("A")

_AGAIN = (
    "Try again; if it goes on, look at the health of the region and at the quotas of the account."
)
_SIGN_IN = "Sign in again, for example with `aws sso login`, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and its companions."
_PERMIT = "Give the role this action on this resource; a handler's role has what its signature asks for, once deployed."
_MISSING = "Deploy the stage, and look whether platform, stage, account and region are the ones that you mean."
_LOOK = "Look at what AWS says about it."

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html, and the common errors of the APIs.
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_UNKNOWN = frozenset({
    "AuthFailure", "IncompleteSignature", "IncompleteSignatureException", "InvalidAccessKeyId", "InvalidClientTokenId",
    "InvalidSignatureException", "MissingAuthenticationToken", "MissingAuthenticationTokenException",
    "SignatureDoesNotMatch", "UnrecognizedClientException",
})  # fmt: skip
_BUSY = frozenset({
    "InternalError", "InternalFailure", "InternalServerError", "KmsThrottled", "LimitExceededException.Throttled",
    "PriorRequestNotComplete", "ProvisionedThroughputExceededException", "RequestLimitExceeded", "RequestThrottled",
    "RequestThrottledException", "RequestTimeout", "ServiceUnavailable", "ServiceUnavailableException", "SlowDown",
    "ThrottledException", "Throttling", "ThrottlingException", "TooManyRequestsException", "TransactionConflictException",
    "TransactionInProgressException",
})  # fmt: skip
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException",
                     "UnauthorizedOperation", "AWS.SimpleQueueService.AccessDenied"})  # fmt: skip
_ABSENT = frozenset({
    "AWS.SimpleQueueService.NonExistentQueue", "NotFound", "NotFoundException", "QueueDoesNotExist",
    "ResourceNotFoundException",
})  # fmt: skip
# botocore's classes by name, so that nothing of it is loaded for an error that is not its.
_NO_CREDENTIALS = frozenset({
    "CredentialRetrievalError", "InvalidConfigError", "NoAuthTokenError", "NoCredentialsError", "PartialCredentialsError",
    "ProfileNotFound", "SSOTokenLoadError", "TokenRetrievalError", "UnauthorizedSSOTokenError",
})  # fmt: skip
_NO_ANSWER = frozenset({"ConnectionError", "HTTPClientError"})
_OUR_MISTAKES = frozenset(
    {"ParamValidationError", "UnknownServiceError", "OperationNotPageableError"}
)


class Rejected(Exception):
    """AWS answered with an error that the adapter expects. It never leaves `oort.aws`."""

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
    """The answer to one request. Rejected if its error is one of `expect`; otherwise as `translated` has it."""
    with translated(doing, expect=expect):
        return method(**request)


@contextmanager
def translated(doing: str, *, expect: frozenset[str] = frozenset()) -> Iterator[None]:
    """Inside, errors of botocore become ours: NoCredentials, Unavailable, CloudRefused. Codes in `expect` become Rejected.

    `doing` completes the sentence that begins with `while`: `reading the table accounts.people`.
    """
    try:
        yield
    except Exception as error:
        code, message, answer = _said(error)
        if code in expect:
            raise Rejected(code, message, answer) from error
        ours = error_for(error, doing=doing)
        if ours is None:
            raise
        raise ours from error


def error_for(error: Exception, *, doing: str) -> OortError | None:
    """Our error for one of botocore's; None if it is not an error of the cloud but a mistake in the program."""
    kinds = {
        kind.__name__ for kind in type(error).__mro__ if kind.__module__.startswith("botocore.")
    }
    if "ClientError" in kinds:
        return _answered(error, doing)
    if "BotoCoreError" not in kinds or kinds & _OUR_MISTAKES:
        return None
    said = str(error).rstrip(".")
    if kinds & _NO_CREDENTIALS:
        return NoCredentials(f"There are no usable credentials while {doing}: {said}.", _SIGN_IN)
    if kinds & _NO_ANSWER:
        return Unavailable(f"AWS could not be reached in time while {doing}: {said}.", _AGAIN)
    return CloudRefused(f"The request cannot be made while {doing}: {said}.", _LOOK)


def _answered(error: Exception, doing: str) -> OortError:
    code, message, answer = _said(error)
    said = f"{code}: {message}".rstrip(".")
    if code in _EXPIRED:
        return NoCredentials(f"The credentials have expired while {doing}: {said}.", _SIGN_IN)
    if code in _UNKNOWN:
        return NoCredentials(
            f"AWS does not accept the credentials while {doing}: {said}.", _SIGN_IN
        )
    if code in _BUSY or _status(answer) >= 500:
        return Unavailable(f"AWS was too busy while {doing}: {said}.", _AGAIN)
    if code in _DENIED:
        return CloudRefused(f"AWS does not permit it while {doing}: {said}.", _PERMIT)
    if code in _ABSENT:
        return CloudRefused(
            f"AWS does not know what was asked for while {doing}: {said}.", _MISSING
        )
    return CloudRefused(f"AWS refused a request while {doing}: {said}.", _LOOK)


def _said(error: Exception) -> tuple[str, str, Mapping[str, object]]:
    """Code, message and whole answer of a ClientError; empty for all others."""
    answer: object = getattr(error, "response", None)
    if not isinstance(answer, Mapping):
        return "", "", {}
    fault = cast(Mapping[str, str], answer.get("Error", {}))
    return fault.get("Code", ""), fault.get("Message", ""), answer


def _status(answer: Mapping[str, object]) -> int:
    about = cast(Mapping[str, int], answer.get("ResponseMetadata", {}))
    return about.get("HTTPStatusCode", 0)
