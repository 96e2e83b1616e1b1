"""The REST API of a service: its paths, authorization, throttling and access log, over TLS 1.3."""

from collections.abc import Iterator

from oort.cloudformation.constructs import ssm_parameters
from oort.cloudformation.constructs.functions import alias, log_group
from oort.cloudformation.constructs.gateway.preflights import preflight
from oort.cloudformation.constructs.gateway.responses import responses
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

# No address, no agent, no claims, and the path as declared: no field identifies the client.
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
    """Return the functions of the service with an HTTP trigger."""
    return tuple(
        (function, function.trigger)
        for function in service.functions
        if isinstance(function.trigger, Http)
    )


def needs_user_pool(service: ServiceModel) -> bool:
    """True if a route is private."""
    return any(not trigger.public for _, trigger in routes(service))


def api(scope: Scope) -> Iterator[Resource]:
    """Yield the resources of the API, if the service has routes.

    Every change of the API makes a new deployment.
    """
    if not routes(scope.service):
        return
    parts = tuple(_parts(scope))
    yield from parts
    content: Json = [[part.id, part.type, part.properties] for part in parts]
    deployment = f"Deployment{digest(content)}"
    after = tuple(
        part.id for part in parts if part.type.endswith(("::Method", "::GatewayResponse"))
    )
    yield Resource(deployment, "AWS::ApiGateway::Deployment", {"RestApiId": ref("Api")}, after)
    yield log_group(
        "AccessLog", name=scope.location.access_log(scope.service.name), stage=scope.stage
    )
    yield _stage(deployment, scope)
    yield from (_permission(route, scope) for route in routes(scope.service))


def url(scope: Scope) -> Output:
    """Return the output with the URL of the API, without the path of the service."""
    address = text(
        f"https://${{Api}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/{scope.stage.name}"
    )
    return Output(
        Outputs.API_URL,
        address,
        f"Where {scope.service.name} answers; its paths begin with /{scope.service.name}.",
    )


def _parts(scope: Scope) -> Iterator[Resource]:
    """Resources that a deployment freezes."""
    yield Resource(
        "Api",
        "AWS::ApiGateway::RestApi",
        {
            "Name": scope.location.service_stack(scope.service.name),
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
        methods.setdefault(_normalized(trigger.path), []).append(trigger.method)
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


def _normalized(path: str) -> str:
    return "/" + "/".join(routing.segments(path))


def _paths(service: ServiceModel) -> list[str]:
    """Every path and each of its prefixes, once, each after its own prefixes."""
    paths: dict[str, None] = {}
    for _, trigger in routes(service):
        parts = routing.segments(trigger.path)
        paths |= dict.fromkeys("/" + "/".join(parts[: depth + 1]) for depth in range(len(parts)))
    return list(paths)


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
        "ResourceId": ref(identity("Path", _normalized(trigger.path))),
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
    log = scope.location.log_group_arn("${AccessLog}")
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
        # Values are quoted: a missing value is a dash, which is not a number in JSON.
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
        # The access log holds the errors. The execution log would go to a group that no stack owns
        # and that is kept for ever.
        "LoggingLevel": "OFF",
        # Metrics of the API as a whole exist in any case. Metrics of each method are billed as
        # custom metrics: five for each of 200 routes at $0.30 are $300 a month.
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-dimensions.html
        "MetricsEnabled": False,
    }


def _permission(route: Route, scope: Scope) -> Resource:
    """Permission to invoke the function for this method and path of this stage."""
    function, trigger = route
    parts = ["*" if routing.parameter(part) else part for part in routing.segments(trigger.path)]
    location = scope.location
    api_arn = f"arn:{location.partition}:execute-api:{location.region}:{location.account}:${{Api}}"
    properties: dict[str, Json] = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": ref(alias(function.name)),
        "Principal": "apigateway.amazonaws.com",
        "SourceArn": text(f"{api_arn}/{scope.stage.name}/{trigger.method}/{'/'.join(parts)}"),
    }
    return Resource(
        identity("Permission", short(function.name)), "AWS::Lambda::Permission", properties
    )
