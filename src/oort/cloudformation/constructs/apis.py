"""The REST API of a service: its paths, who may call them, how often, and what is logged of it. TLS 1.3 or nothing."""

from collections.abc import Iterator

from oort.cloudformation.constructs import ssm_parameters
from oort.cloudformation.constructs.functions import alias
from oort.cloudformation.constructs.gateway.preflights import preflight
from oort.cloudformation.constructs.gateway.responses import responses
from oort.cloudformation.constructs.log_groups import log_group
from oort.cloudformation.constructs.user_pools import SCOPES
from oort.cloudformation.intrinsics import attribute, ref, text
from oort.cloudformation.logical import digest, identity, short
from oort.cloudformation.rendering import compact
from oort.cloudformation.resources import Output, Resource
from oort.cloudformation.scope import Scope, whole_seconds
from oort.model import limits
from oort.model.functions import FunctionModel, Http
from oort.model.platform import ServiceModel
from oort.model.problems import Json
from oort.rules.cloud.deployed import Outputs
from oort.rules.http import routing

# No address, no agent, no claims, and the path as it was declared: none of it says who called.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
_LOGGED = {
    "time": "$context.requestTimeEpoch",
    "request": "$context.requestId",
    "trace": "$context.xrayTraceId",
    "method": "$context.httpMethod",
    "route": "$context.resourcePath",
    "status": "$context.status",
    "latency": "$context.responseLatency",
    "function_latency": "$context.integration.latency",
    "function_error": "$context.integration.error",
    "refusal": "$context.error.responseType",
    "tls": "$context.tlsVersion",
}
Route = tuple[FunctionModel, Http]


def routes(service: ServiceModel) -> tuple[Route, ...]:
    """The functions of the service that a request triggers."""
    return tuple((one, one.trigger) for one in service.functions if isinstance(one.trigger, Http))


def needs_user_pool(service: ServiceModel) -> bool:
    """Whether a route asks who calls."""
    return any(not trigger.public for _, trigger in routes(service))


def api(scope: Scope) -> Iterator[Resource]:
    """The API, if the service has routes. A deployment is a new one whenever something of the API changes."""
    if not routes(scope.service):
        return
    parts = tuple(_parts(scope))
    yield from parts
    content: Json = [[one.id, one.type, one.properties] for one in parts]
    deployment = f"Deployment{digest(content)}"
    after = tuple(one.id for one in parts if one.type.endswith(("::Method", "::GatewayResponse")))
    yield Resource(deployment, "AWS::ApiGateway::Deployment", {"RestApiId": ref("Api")}, after)
    yield log_group("AccessLog", name=scope.place.access_log(scope.service.name), stage=scope.stage)
    yield _stage(deployment, scope)
    yield from (_permission(route, scope) for route in routes(scope.service))


def url(scope: Scope) -> Output:
    """Where the API is. The path of the service follows."""
    address = text(
        f"https://${{Api}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/{scope.stage.name}"
    )
    return Output(
        Outputs.API_URL,
        address,
        f"Where {scope.service.name} answers; its paths begin with /{scope.service.name}.",
    )


def _parts(scope: Scope) -> Iterator[Resource]:
    """All that a deployment freezes."""
    yield Resource(
        "Api",
        "AWS::ApiGateway::RestApi",
        {
            "Name": scope.place.service_stack(scope.service.name),
            "EndpointConfiguration": {"Types": ["REGIONAL"]},
            # https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies.html
            "SecurityPolicy": "SecurityPolicy_TLS13_1_3_2025_09",
            "EndpointAccessMode": "STRICT",
            "DisableExecuteApiEndpoint": False,
        },
    )
    if needs_user_pool(scope.service):
        yield _authorizer()
    yield from responses(scope.service)
    methods: dict[str, list[str]] = {}
    for path in _paths(scope.service):
        yield _resource(path)
    for function, trigger in routes(scope.service):
        yield _method(function, trigger)
        methods.setdefault(_whole(trigger.path), []).append(trigger.method)
    if scope.service.cors:
        for path, named in methods.items():
            yield preflight(
                identity("Preflight", path),
                resource=identity("Path", path),
                service=scope.service,
                methods=named,
            )


def _authorizer() -> Resource:
    properties: dict[str, Json] = {
        "RestApiId": ref("Api"),
        "Name": "users",
        "Type": "COGNITO_USER_POOLS",
        "IdentitySource": "method.request.header.Authorization",
        "ProviderARNs": [ref(ssm_parameters.USER_POOL.id)],
    }
    return Resource("Authorizer", "AWS::ApiGateway::Authorizer", properties)


def _whole(path: str) -> str:
    return "/" + "/".join(routing.segments(path))


def _paths(service: ServiceModel) -> list[str]:
    """Every path and every beginning of one, once, each after those above it."""
    found: dict[str, None] = {}
    for _, trigger in routes(service):
        parts = routing.segments(trigger.path)
        found |= dict.fromkeys("/" + "/".join(parts[: depth + 1]) for depth in range(len(parts)))
    return list(found)


def _resource(path: str) -> Resource:
    above, _, part = path.rpartition("/")
    parent = ref(identity("Path", above)) if above else attribute("Api", "RootResourceId")
    properties: dict[str, Json] = {"RestApiId": ref("Api"), "ParentId": parent, "PathPart": part}
    return Resource(identity("Path", path), "AWS::ApiGateway::Resource", properties)


def _method(function: FunctionModel, trigger: Http) -> Resource:
    functions = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions"
    private: dict[str, Json] = {
        "AuthorizationType": "COGNITO_USER_POOLS",
        "AuthorizerId": ref("Authorizer"),
        "AuthorizationScopes": SCOPES,
    }
    properties: dict[str, Json] = {
        "RestApiId": ref("Api"),
        "ResourceId": ref(identity("Path", _whole(trigger.path))),
        "HttpMethod": trigger.method,
        **({"AuthorizationType": "NONE"} if trigger.public else private),
        "Integration": {
            "Type": "AWS_PROXY",
            "IntegrationHttpMethod": "POST",
            "Uri": text(f"{functions}/${{{alias(function.name)}}}/invocations"),
            "TimeoutInMillis": whole_seconds(limits.REQUEST_TIMEOUT) * 1000,
        },
    }
    return Resource(identity("Method", short(function.name)), "AWS::ApiGateway::Method", properties)


def _stage(deployment: str, scope: Scope) -> Resource:
    log = scope.place.log_group_arn("${AccessLog}")
    settings = [_setting("/*", "*", limits.PUBLIC_RATE.per_second, limits.PUBLIC_RATE.burst)]
    for _, trigger in routes(scope.service):
        rate = trigger.rate or (limits.PUBLIC_RATE if trigger.public else limits.PRIVATE_RATE)
        path = "/~1" + "~1".join(routing.segments(trigger.path))
        settings.append(_setting(path, trigger.method, rate.per_second, rate.burst))
    properties: dict[str, Json] = {
        "RestApiId": ref("Api"),
        "DeploymentId": ref(deployment),
        "StageName": scope.stage.name,
        "TracingEnabled": True,
        # Values in quotes: what a request does not have is a dash, which is no number.
        "AccessLogSetting": {"DestinationArn": text(log), "Format": compact(_LOGGED).decode()},
        "MethodSettings": settings,
    }
    return Resource("ApiStage", "AWS::ApiGateway::Stage", properties)


def _setting(path: str, method: str, rate: float, burst: int) -> Json:
    return {
        "ResourcePath": path,
        "HttpMethod": method,
        "ThrottlingRateLimit": rate,
        "ThrottlingBurstLimit": burst,
        "DataTraceEnabled": False,
        # The access log says what went wrong; the execution log would go to a group that no stack owns and that never ends.
        "LoggingLevel": "OFF",
        # Metrics of the whole API are there in any case. Those of each method are billed as custom metrics: five for each of
        # 200 routes at $0.30 are $300 a month. https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-dimensions.html
        "MetricsEnabled": False,
    }


def _permission(route: Route, scope: Scope) -> Resource:
    """Leave for this method of this path, on this stage."""
    function, trigger = route
    parts = ["*" if routing.parameter(part) else part for part in routing.segments(trigger.path)]
    place = scope.place
    source = f"arn:{place.partition}:execute-api:{place.region}:{place.account}:${{Api}}/{scope.stage.name}"
    properties: dict[str, Json] = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": ref(alias(function.name)),
        "Principal": "apigateway.amazonaws.com",
        "SourceArn": text(f"{source}/{trigger.method}/{'/'.join(parts)}"),
    }
    return Resource(
        identity("Permission", short(function.name)), "AWS::Lambda::Permission", properties
    )
