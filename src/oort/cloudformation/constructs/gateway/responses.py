"""What API Gateway answers itself, in the words of the engine's gateway: problems as RFC 9457, with the usual headers."""

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

# TLS ends here, so this is who says it. Two years, as https://hstspreload.org asks.
_STRICT = ("strict-transport-security", "max-age=63072000")


@dataclass(frozen=True, slots=True)
class Answer:
    """One type of response. Without a `status`, that of the refusal stays."""

    kind: str
    status: int | None
    body: Json
    headers: Headers = ()


def _problem(kind: str, problem: Problem, headers: Headers = ()) -> Answer:
    return Answer(kind, problem.status, problem.document(), headers)


def _named(kind: str, status: int, name: str, title: str, headers: Headers = ()) -> Answer:
    return Answer(
        kind, status, {"type": f"urn:problem:{name}", "title": title, "status": status}, headers
    )


# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
ANSWERS = (
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
    Answer(
        "DEFAULT_4XX", None, {"type": "about:blank", "title": "The gateway refused the request."}
    ),
    Answer(
        "DEFAULT_5XX",
        None,
        {"type": "about:blank", "title": "The gateway could not answer the request."},
    ),
)


def responses(service: ServiceModel) -> Iterator[Resource]:
    """Every type of response."""
    always = (
        _STRICT,
        *(one for one in reply_headers.complete((), private=True) if "'" not in one[1]),
    )
    shared = (*always, *_origin(service))
    for answer in ANSWERS:
        headers = (("content-type", "application/problem+json"), *answer.headers, *shared)
        properties: dict[str, Json] = {
            "RestApiId": ref("Api"),
            "ResponseType": answer.kind,
            **({} if answer.status is None else {"StatusCode": str(answer.status)}),
            "ResponseParameters": {
                f"gatewayresponse.header.{name}": quoted(value) for name, value in headers
            },
            # The key is the default for whatever a client accepts; the type it is sent with is the header above.
            "ResponseTemplates": {"application/json": compact(answer.body).decode()},
        }
        yield Resource(
            identity("Response", answer.kind.lower()),
            "AWS::ApiGateway::GatewayResponse",
            properties,
        )


def quoted(value: str) -> str:
    """A fixed value of a header, as API Gateway has it. It cannot hold a quote: there is no way to write one."""
    assert "'" not in value, value
    return f"'{value}'"


def _origin(service: ServiceModel) -> Headers:
    """Whose pages may read the answer. A fixed value holds one origin, so with several no page may: it sees a failure."""
    if len(service.cors) != 1:
        return ()
    return Origins([service]).headers(f"/{service.name}", {"origin": service.cors[0]})
