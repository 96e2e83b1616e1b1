"""The answers to browsers that ask whether a page may call a route: fixed, from API Gateway, without waking a function."""

from collections.abc import Iterable

from oort.cloudformation.constructs.gateway.responses import quoted
from oort.cloudformation.intrinsics import ref
from oort.cloudformation.resources import Resource
from oort.model.platform import ServiceModel
from oort.model.problems import Json
from oort.rules.http.reply_headers import Headers, Origins

_ALLOW_ORIGIN = "access-control-allow-origin"


def preflight(
    logical: str, *, resource: str, service: ServiceModel, methods: Iterable[str]
) -> Resource:
    """The method OPTIONS of a path with these methods."""
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
                **_others(service.cors),
            }
        ],
    }
    properties: dict[str, Json] = {
        "RestApiId": ref("Api"),
        "ResourceId": ref(resource),
        "HttpMethod": "OPTIONS",
        "AuthorizationType": "NONE",  # a browser sends no token with the question
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
    return Resource(logical, "AWS::ApiGateway::Method", properties)


def _headers(service: ServiceModel, methods: Iterable[str]) -> Headers:
    """As the engine's gateway answers, for the first origin. A browser that asks for a page of another sees no leave."""
    origins = Origins([service])
    shown = origins.headers(f"/{service.name}", {"origin": service.cors[0]})
    # Any header; of all of them, only this one must be named. https://fetch.spec.whatwg.org/#http-access-control-allow-headers
    asked = ("access-control-allow-headers", "*, authorization")
    return (*shown, *origins.answer(", ".join(sorted(methods)), {}), asked)


def _others(cors: tuple[str, ...]) -> dict[str, Json]:
    """With several origins, the one that asks is put in the place of the first: a reply can name only one.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-override-request-response-parameters.html
    """
    if len(cors) == 1:
        return {}
    known = " || ".join(f'$origin == "{one}"' for one in cors)
    lines = (
        '#set($origin = $input.params().header.get("origin"))',
        '#if(!$origin || $origin == "")#set($origin = $input.params().header.get("Origin"))#end',
        f"#if({known})#set($context.responseOverride.header.{_ALLOW_ORIGIN} = $origin)#end",
    )
    return {"ResponseTemplates": {"application/json": "\n".join(lines)}}
