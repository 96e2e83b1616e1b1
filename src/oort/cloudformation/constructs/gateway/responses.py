"""Gateway responses of API Gateway, with the problems of the engine's gateway: RFC 9457,
and the usual headers.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from oort.cloudformation.intrinsics import ref
from oort.cloudformation.logical import identity
from oort.cloudformation.rendering import compact
from oort.cloudformation.resources import Resource
from oort.model.platform import ServiceModel
from oort.model.problems import BadRequest, Forbidden, Json, NotFound, Problem, Unauthorized
from oort.rules.http import reply_headers
from oort.rules.http.reply_headers import Headers, Origins

# TLS ends here, so HSTS is sent here. Two years, as https://hstspreload.org asks.
_STRICT = ("strict-transport-security", "max-age=63072000")


@dataclass(frozen=True, slots=True)
class GatewayResponse:
    """A gateway response of a type. Without `status`, the default status of the type stays."""

    kind: str
    status: int | None
    body: Json
    headers: Headers = ()


def _problem(kind: str, problem: Problem, headers: Headers = ()) -> GatewayResponse:
    return GatewayResponse(kind, problem.status, problem.document(), headers)


def _named(kind: str, status: int, name: str, title: str, headers: Headers = ()) -> GatewayResponse:
    return GatewayResponse(
        kind, status, {"type": f"urn:problem:{name}", "title": title, "status": status}, headers
    )


# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
RESPONSES = (
    # An unknown path, and a method that the path does not have.
    _problem("MISSING_AUTHENTICATION_TOKEN", NotFound("There is no such route.")),
    _problem("RESOURCE_NOT_FOUND", NotFound("There is no such route.")),
    _problem(
        "UNAUTHORIZED",
        Unauthorized(
            "This route needs an access token: send the header Authorization: Bearer TOKEN."
        ),
        (("www-authenticate", "Bearer"),),
    ),
    _problem("ACCESS_DENIED", Forbidden()),
    _problem("BAD_REQUEST_BODY", BadRequest("The body does not fit its schema.")),
    _problem("BAD_REQUEST_PARAMETERS", BadRequest("A parameter is missing.")),
    _named("REQUEST_TOO_LARGE", 413, "content-too-large", "The body is too large."),
    _named(
        "THROTTLED",
        429,
        "too-many-requests",
        "The client calls this route too often.",
        (("retry-after", "1"),),
    ),
    _named("INTEGRATION_TIMEOUT", 504, "gateway-timeout", "The function took too long."),
    GatewayResponse(
        "DEFAULT_4XX", None, {"type": "about:blank", "title": "The gateway refused the request."}
    ),
    GatewayResponse(
        "DEFAULT_5XX",
        None,
        {"type": "about:blank", "title": "The gateway could not answer the request."},
    ),
)


def responses(service: ServiceModel) -> Iterator[Resource]:
    """Yield every gateway response."""
    always = (
        _STRICT,
        *(header for header in reply_headers.complete((), private=True) if "'" not in header[1]),
    )
    shared = (*always, *_origin(service))
    for response in RESPONSES:
        headers = (("content-type", "application/problem+json"), *response.headers, *shared)
        properties: dict[str, Json] = {
            "RestApiId": ref("Api"),
            "ResponseType": response.kind,
            **({} if response.status is None else {"StatusCode": str(response.status)}),
            "ResponseParameters": {
                f"gatewayresponse.header.{name}": quoted(value) for name, value in headers
            },
            # The key is the default for every Accept header; the header above is the content type.
            "ResponseTemplates": {"application/json": compact(response.body).decode()},
        }
        yield Resource(
            identity("Response", response.kind.lower()),
            "AWS::ApiGateway::GatewayResponse",
            properties,
        )


def quoted(value: str) -> str:
    """Return a fixed value of a header in API Gateway's form.

    A quote cannot be written in this form.
    """
    assert "'" not in value, value
    return f"'{value}'"


def _origin(service: ServiceModel) -> Headers:
    """Header for the origin whose pages may read the response.

    A fixed value holds a single origin. With several origins no page may read the response, and the
    page sees a failed request.
    """
    if len(service.cors) != 1:
        return ()
    return Origins([service]).headers(f"/{service.name}", {"origin": service.cors[0]})
