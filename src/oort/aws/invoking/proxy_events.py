"""Translation of API Gateway's proxy events to requests, and of replies to proxy responses: REST
APIs, payload version 1.0.
"""

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


class ProxyEvent(TypedDict, total=False):
    """The members of a proxy event that Oort reads.

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
    """A proxy response, from which API Gateway makes the HTTP response."""

    statusCode: int
    multiValueHeaders: dict[str, list[str]]
    body: str
    isBase64Encoded: bool


def headers(event: ProxyEvent) -> dict[str, str]:
    """Return the request's headers: lower-case names, repeated headers joined by a comma."""
    many = event.get("multiValueHeaders")
    if many:
        return {name.lower(): ", ".join(values) for name, values in many.items()}
    return {name.lower(): value for name, value in (event.get("headers") or {}).items()}


def query(event: ProxyEvent) -> tuple[tuple[str, str], ...]:
    """Return names and values of the query, which API Gateway has decoded."""
    many = event.get("multiValueQueryStringParameters")
    if many:
        return tuple((name, value) for name, values in many.items() for value in values)
    return tuple((event.get("queryStringParameters") or {}).items())


def path(event: ProxyEvent) -> dict[str, str]:
    """Return the path's parameters, decoded: API Gateway passes them as they are in the path.

    BadRequest if they are not UTF-8.
    """
    try:
        parameters = event.get("pathParameters") or {}
        return {name: unquote(value, errors="strict") for name, value in parameters.items()}
    except UnicodeDecodeError:
        raise BadRequest("The path is not UTF-8.") from None


def body(event: ProxyEvent) -> bytes:
    """Return the request's body."""
    text = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return text.encode()
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise BadRequest("The body is not base64, although API Gateway says so.") from None


def principal(event: ProxyEvent, trigger: Http) -> Principal | None:
    """Return the principal of the authorizer's claims, which come from an access token.

    None on a public route. InvalidToken if a request reached a private route without claims: the
    API must have been changed by hand.
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
    """Return the principal with the subject and groups of an access token of the
    platform's user pool.

    InvalidToken for any other token.
    """
    subject, use = claims.get("sub"), claims.get("token_use", "access")
    if not isinstance(subject, str) or not subject or use != "access":
        raise InvalidToken("This is not an access token: send the access token, not the ID token.")
    return Principal(subject, groups(claims.get("cognito:groups")))


def groups(claim: object) -> frozenset[str]:
    """Return the groups of a claim: a list in a token, a text with commas from REST APIs,
    `[a b]` from HTTP APIs.
    """
    if isinstance(claim, list | tuple):
        return frozenset(str(group) for group in claim)
    text = claim if isinstance(claim, str) else ""
    return frozenset(text.strip("[]").replace(",", " ").split())


def reply(outcome: HttpOutcome, *, extra: Headers) -> ReplyDocument:
    """Return the proxy response. A body that is not UTF-8 travels as base64."""
    headers: dict[str, list[str]] = {}
    for name, value in extra:
        headers.setdefault(name, []).append(value)
    try:
        text, encoded = outcome.body.decode(), False
    except UnicodeDecodeError:
        text, encoded = base64.b64encode(outcome.body).decode(), True
    return ReplyDocument(
        statusCode=outcome.status, multiValueHeaders=headers, body=text, isBase64Encoded=encoded
    )
