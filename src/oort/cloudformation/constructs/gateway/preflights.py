"""Replies to CORS preflight requests: fixed, from API Gateway, without an invocation of a
function.
"""

from collections.abc import Iterable

from oort.cloudformation.constructs.gateway.responses import quoted
from oort.cloudformation.intrinsics import ref
from oort.cloudformation.resources import Resource
from oort.model.platform import ServiceModel
from oort.model.problems import Json
from oort.rules.http.reply_headers import Headers, Origins

_ALLOW_ORIGIN = "access-control-allow-origin"


def preflight(
    logical_id: str, *, resource: str, service: ServiceModel, methods: Iterable[str]
) -> Resource:
    """Return the OPTIONS method of a path with these methods."""
    headers = _headers(service, methods)
    integration: Json = {
        "Type": "MOCK",
        "RequestTemplates": {"application/json": '{"statusCode":204}'},
        "PassthroughBehavior": "WHEN_NO_TEMPLATES",
        "IntegrationResponses": [
            {
                "StatusCode": "204",
                "ResponseParameters": {
                    f"method.response.header.{name}": quoted(value) for name, value in headers
                },
                **_for_more_origins(service.cors),
            }
        ],
    }
    properties: dict[str, Json] = {
        "RestApiId": ref("Api"),
        "ResourceId": ref(resource),
        "HttpMethod": "OPTIONS",
        "AuthorizationType": "NONE",  # a browser sends no token with a preflight
        "Integration": integration,
        "MethodResponses": [
            {
                "StatusCode": "204",
                "ResponseParameters": {
                    f"method.response.header.{name}": True for name, _ in headers
                },
            }
        ],
    }
    return Resource(logical_id, "AWS::ApiGateway::Method", properties)


def _headers(service: ServiceModel, methods: Iterable[str]) -> Headers:
    """Headers as the engine's gateway sends them, for the first origin.

    A browser on a page of another origin gets no permission.
    """
    origins = Origins([service])
    for_page = origins.headers(f"/{service.name}", {"origin": service.cors[0]})
    # A wildcard covers all headers but Authorization, which must be named.
    # https://fetch.spec.whatwg.org/#http-access-control-allow-headers
    allowed = ("access-control-allow-headers", "*, authorization")
    return (*for_page, *origins.answer(", ".join(sorted(methods)), {}), allowed)


def _for_more_origins(cors: tuple[str, ...]) -> dict[str, Json]:
    """Response template that replaces the first origin by the origin of the request.

    A reply can name a single origin.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-override-request-response-parameters.html
    """
    if len(cors) == 1:
        return {}
    is_allowed = " || ".join(f'$origin == "{origin}"' for origin in cors)
    lines = (
        '#set($origin = $input.params().header.get("origin"))',
        '#if(!$origin || $origin == "")#set($origin = $input.params().header.get("Origin"))#end',
        f"#if({is_allowed})#set($context.responseOverride.header.{_ALLOW_ORIGIN} = $origin)#end",
    )
    return {"ResponseTemplates": {"application/json": "\n".join(lines)}}
