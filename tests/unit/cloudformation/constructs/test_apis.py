"""APIs: the tree of paths, who may call, rates, deployments, preflights, and the answers of the gateway itself."""

import json

import pytest

from oort.cloudformation.constructs.gateway import responses
from oort.engine.gateway import problem_replies
from oort.model.functions import FunctionModel, Http, Rate
from oort.model.problems import Problem
from oort.rules.http.reply_headers import Origins
from oort.runtime import replies
from tests.templates.reading import Found, filled, of_type
from tests.unit.cloudformation.one_service import properties, shop, template
from tests.unit.programs import function, route

ROUTES = (
    route("GET", "/shop/orders/{id}", name="shop.one"),
    route("POST", "/shop/orders", name="shop.place", public=True),
    route("GET", "/shop/orders/{id}/parts/", name="shop.parts"),
)


def only(document: Found, kind: str) -> Found:
    (found,) = of_type(document, kind).values()
    return found


def logical(document: Found, path: str) -> str:
    """The logical id of a path's resource."""
    made = of_type(document, "ApiGateway::Resource")

    def whole(name: str) -> str:
        above = made[name]["ParentId"]
        return (whole(above["Ref"]) if "Ref" in above else "") + f"/{made[name]['PathPart']}"

    return next(name for name in made if whole(name) == path)


def test_paths_share_their_beginnings() -> None:
    document = template(shop(*ROUTES))
    made = of_type(document, "ApiGateway::Resource")
    assert sorted(one["PathPart"] for one in made.values()) == ["orders", "parts", "shop", "{id}"]
    assert properties(document, "MethodParts")["ResourceId"] == {
        "Ref": logical(document, "/shop/orders/{id}/parts")
    }
    uri = filled(properties(document, "MethodOne")["Integration"]["Uri"])
    assert (
        uri
        == "arn:aws:apigateway:eu-north-1:lambda:path/2015-03-31/functions/<LiveOne>/invocations"
    )


def test_a_service_with_public_routes_only_has_no_authorizer() -> None:
    document = template(shop(ROUTES[1]))
    assert of_type(document, "ApiGateway::Authorizer") == {}
    assert set(document["Parameters"]) == {"AssetsBucket"}


def test_a_private_route_is_for_users_of_the_pool() -> None:
    document = template(shop(*ROUTES))
    assert only(document, "ApiGateway::Authorizer")["ProviderARNs"] == [{"Ref": "UserPoolArn"}]
    assert properties(document, "MethodOne")["AuthorizerId"] == {"Ref": "Authorizer"}
    assert properties(document, "MethodPlace")["AuthorizationType"] == "NONE"
    assert document["Parameters"]["UserPoolArn"]["Default"] == "/market/prod/user-pool-arn"


def test_the_address_is_shown() -> None:
    assert filled(template(shop(*ROUTES))["Outputs"]["ApiUrl"]["Value"]) == (
        "https://<Api>.execute-api.eu-north-1.amazonaws.com/prod"
    )


def test_each_route_has_the_rate_that_it_says_or_the_gateways_own() -> None:
    own = function("shop.own", Http("PUT", "/shop/orders/{id}", 200, False, (), rate=Rate(2.5, 5)))
    settings = only(template(shop(*ROUTES, own)), "ApiGateway::Stage")["MethodSettings"]
    rates = {
        (one["ResourcePath"], one["HttpMethod"]): (
            one["ThrottlingRateLimit"],
            one["ThrottlingBurstLimit"],
        )
        for one in settings
    }
    assert rates == {
        ("/*", "*"): (500, 1000),
        ("/~1shop~1orders~1{id}", "GET"): (1000, 2000),
        ("/~1shop~1orders", "POST"): (500, 1000),
        ("/~1shop~1orders~1{id}~1parts", "GET"): (1000, 2000),
        ("/~1shop~1orders~1{id}", "PUT"): (2.5, 5),
    }


def test_the_deployment_is_a_new_one_whenever_the_api_changes_and_only_then() -> None:
    def deployment(*functions: FunctionModel, cors: tuple[str, ...] = ()) -> str:
        (found,) = of_type(template(shop(*functions, cors=cors)), "ApiGateway::Deployment")
        return found

    first = deployment(*ROUTES)
    assert deployment(*ROUTES, function("shop.x", Http("GET", "/shop/x", 200, True, ()))) != first
    assert deployment(*ROUTES, cors=("*",)) != first
    slower = function("shop.place", Http("POST", "/shop/orders", 201, True, (), rate=Rate(1, 1)))
    assert deployment(ROUTES[0], slower, ROUTES[2]) == first  # the rate is the stage's


def test_the_deployment_waits_for_all_that_it_freezes() -> None:
    document = template(shop(*ROUTES, cors=("*",)))
    (name,) = of_type(document, "ApiGateway::Deployment")
    frozen = {
        *of_type(document, "ApiGateway::Method"),
        *of_type(document, "ApiGateway::GatewayResponse"),
    }
    assert set(document["Resources"][name]["DependsOn"]) == frozen


# -- other origins' pages


def preflight(*cors: str, path: str = "/shop/orders") -> Found:
    document = template(shop(*ROUTES, route("GET", "/shop/orders", name="shop.all"), cors=cors))
    methods = of_type(document, "ApiGateway::Method").values()
    resource = {"Ref": logical(document, path)}
    (found,) = [
        one for one in methods if one["HttpMethod"] == "OPTIONS" and one["ResourceId"] == resource
    ]
    return found


def shown(answer: Found) -> dict[str, str]:
    (response,) = answer["Integration"]["IntegrationResponses"]
    headers = response["ResponseParameters"]
    assert set(answer["MethodResponses"][0]["ResponseParameters"]) == set(headers)
    return {
        name.removeprefix("method.response.header."): value.strip("'")
        for name, value in headers.items()
    }


@pytest.mark.parametrize("origin", ["*", "https://a.example"])
def test_a_preflight_says_what_the_engine_says(origin: str) -> None:
    found = shown(preflight(origin))
    request = {"origin": origin, "access-control-request-headers": "authorization"}
    origins = Origins([shop(cors=(origin,))])
    wanted = dict(
        (*origins.headers("/shop/orders", request), *origins.answer("GET, POST", request))
    )
    wanted["access-control-allow-headers"] = "*, authorization"
    assert found == wanted


def test_a_preflight_asks_for_no_token_and_wakes_no_function() -> None:
    found = preflight("*")
    assert (found["AuthorizationType"], found["Integration"]["Type"]) == ("NONE", "MOCK")
    assert "ResponseTemplates" not in found["Integration"]["IntegrationResponses"][0]


def test_of_several_origins_the_one_that_asks_is_named() -> None:
    (response,) = preflight("https://a.example", "https://b.example")["Integration"][
        "IntegrationResponses"
    ]
    script = response["ResponseTemplates"]["application/json"]
    assert '#if($origin == "https://a.example" || $origin == "https://b.example")' in script
    assert "$context.responseOverride.header.access-control-allow-origin = $origin" in script


def test_without_cors_nobody_asks() -> None:
    methods = of_type(template(shop(*ROUTES)), "ApiGateway::Method").values()
    assert "OPTIONS" not in {one["HttpMethod"] for one in methods}


# -- the gateway's own answers


def answers(*cors: str) -> dict[str, Found]:
    document = template(shop(*ROUTES, cors=cors))
    return {
        one["ResponseType"]: one
        for one in of_type(document, "ApiGateway::GatewayResponse").values()
    }


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("MISSING_AUTHENTICATION_TOKEN", "404"),
        ("UNAUTHORIZED", "401"),
        ("ACCESS_DENIED", "403"),
        ("THROTTLED", "429"),
        ("BAD_REQUEST_BODY", "400"),
        ("REQUEST_TOO_LARGE", "413"),
        ("INTEGRATION_TIMEOUT", "504"),
    ],
)
def test_a_refusal_is_a_problem_with_its_status(kind: str, status: str) -> None:
    found = answers()[kind]
    assert found["StatusCode"] == status
    assert (
        found["ResponseParameters"]["gatewayresponse.header.content-type"]
        == "'application/problem+json'"
    )
    body = json.loads(found["ResponseTemplates"]["application/json"])
    assert body["status"] == int(status)
    assert body["type"].startswith("urn:problem:")


def test_whatever_else_is_refused_keeps_its_status() -> None:
    for kind in ("DEFAULT_4XX", "DEFAULT_5XX"):
        found = answers()[kind]
        assert "StatusCode" not in found
        assert json.loads(found["ResponseTemplates"]["application/json"])["type"] == "about:blank"


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        ("REQUEST_TOO_LARGE", problem_replies.ContentTooLarge),
        ("THROTTLED", problem_replies.TooManyRequests),
        ("INTEGRATION_TIMEOUT", replies.GatewayTimeout),
    ],
)
def test_both_targets_refuse_in_the_same_words(kind: str, problem: type[Problem]) -> None:
    body = json.loads(answers()[kind]["ResponseTemplates"]["application/json"])
    assert (body["type"], body["title"], body["status"]) == (
        problem.urn(),
        problem.title(),
        problem.status,
    )


def test_headers_say_what_to_do_next() -> None:
    found = answers()
    assert (
        found["UNAUTHORIZED"]["ResponseParameters"]["gatewayresponse.header.www-authenticate"]
        == "'Bearer'"
    )
    assert found["THROTTLED"]["ResponseParameters"]["gatewayresponse.header.retry-after"] == "'1'"
    for one in found.values():
        headers = one["ResponseParameters"]
        assert headers["gatewayresponse.header.x-content-type-options"] == "'nosniff'"
        assert headers["gatewayresponse.header.cache-control"] == "'no-store'"
        assert headers["gatewayresponse.header.strict-transport-security"].startswith("'max-age=")


@pytest.mark.parametrize(
    ("cors", "origin"),
    [
        ((), None),
        (("*",), "'*'"),
        (("https://a.example",), "'https://a.example'"),
        (("https://a.x", "https://b.x"), None),
    ],
)
def test_pages_may_read_a_refusal_where_one_value_serves_all(
    cors: tuple[str, ...], origin: str | None
) -> None:
    headers = answers(*cors)["UNAUTHORIZED"]["ResponseParameters"]
    assert headers.get("gatewayresponse.header.access-control-allow-origin") == origin


def test_a_header_that_cannot_be_written_is_a_defect() -> None:
    with pytest.raises(AssertionError):
        responses.quoted("it's")
