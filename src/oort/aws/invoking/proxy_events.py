"""From API Gateway's proxy events to our requests, and from our replies to what it expects. REST APIs, payload version 1.0."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import TypeAlias, TypedDict
from urllib.parse import unquote

from oort.model.errors import InvalidToken
from oort.model.functions import Http
from oort.model.invocations import HttpOutcome, Principal
from oort.model.problems import BadRequest
from oort.rules.http.reply_headers import Headers

Claims: TypeAlias = Mapping[str, object]


class RequestEvent(TypedDict, total=False):
    """The parts of a proxy event that are read.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
    """

    httpMethod: str
    path: str
    headers: Mapping[str, str] | None
    multiValueHeaders: Mapping[str, Sequence[str]] | None
    queryStringParameters: Mapping[str, str] | None
    multiValueQueryStringParameters: Mapping[str, Sequence[str]] | None
    pathParameters: Mapping[str, str] | None
    requestContext: Mapping[str, object]
    body: str | None
    isBase64Encoded: bool


class ReplyDocument(TypedDict):
    """What API Gateway makes a response of."""

    statusCode: int
    multiValueHeaders: dict[str, list[str]]
    body: str
    isBase64Encoded: bool


def headers(event: RequestEvent) -> dict[str, str]:
    """The request's headers: lower-case names, repeated ones joined by a comma."""
    many = event.get("multiValueHeaders")
    if many:
        return {name.lower(): ", ".join(values) for name, values in many.items()}
    return {name.lower(): value for name, value in (event.get("headers") or {}).items()}


def query(event: RequestEvent) -> tuple[tuple[str, str], ...]:
    """The query's names and values, which API Gateway has decoded."""
    many = event.get("multiValueQueryStringParameters")
    if many:
        return tuple((name, value) for name, values in many.items() for value in values)
    return tuple((event.get("queryStringParameters") or {}).items())


def path(event: RequestEvent) -> dict[str, str]:
    """The path's parameters, which API Gateway passes as they stood in the path. BadRequest if they are not UTF-8."""
    try:
        found = event.get("pathParameters") or {}
        return {name: unquote(value, errors="strict") for name, value in found.items()}
    except UnicodeDecodeError:
        raise BadRequest("The path is not UTF-8.") from None


def body(event: RequestEvent) -> bytes:
    """The request's body."""
    text = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return text.encode()
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise BadRequest("The body is no base64, although API Gateway says so.") from None


def principal(event: RequestEvent, trigger: Http) -> Principal | None:
    """Whom the authorizer let through, by the claims of an access token. None on a public route.

    InvalidToken if a private route was reached without one: the API must have been changed by hand.
    """
    authorizer = event.get("requestContext", {}).get("authorizer")
    claims = authorizer.get("claims") if isinstance(authorizer, dict) else None
    if not isinstance(claims, dict):
        if trigger.public:
            return None
        raise InvalidToken(
            "This route needs a bearer token: send the header Authorization: Bearer TOKEN."
        )
    return principal_of(claims)


def principal_of(claims: Claims) -> Principal:
    """The subject and the groups of an access token of the platform's user pool. InvalidToken for any other token."""
    subject, use = claims.get("sub"), claims.get("token_use", "access")
    if not isinstance(subject, str) or not subject or use != "access":
        raise InvalidToken("This is not an access token: send the access token, not the ID token.")
    return Principal(subject, groups(claims.get("cognito:groups")))


def groups(claim: object) -> frozenset[str]:
    """The groups: a list in a token; REST APIs pass it on as text with commas, HTTP APIs as `[a b]`."""
    if isinstance(claim, list | tuple):
        return frozenset(str(one) for one in claim)
    text = claim if isinstance(claim, str) else ""
    return frozenset(text.strip("[]").replace(",", " ").split())


def reply(outcome: HttpOutcome, *, extra: Headers) -> ReplyDocument:
    """The response. A body that is no text travels as base64."""
    found: dict[str, list[str]] = {}
    for name, value in extra:
        found.setdefault(name, []).append(value)
    try:
        text, encoded = outcome.body.decode(), False
    except UnicodeDecodeError:
        text, encoded = base64.b64encode(outcome.body).decode(), True
    return ReplyDocument(
        statusCode=outcome.status, multiValueHeaders=found, body=text, isBase64Encoded=encoded
    )
