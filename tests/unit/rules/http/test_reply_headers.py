"""Pages of other origins: closed by itself, open to those that a service names, never with credentials."""

import pytest

from oort import Service
from oort.app.loading.loader import load
from oort.model.errors import InvalidProgram
from oort.rules.http.reply_headers import complete
from oort.testing import Platform, Response

SHOP = "https://shop.example"


def shop(*cors: str) -> Service:
    """A service with two routes."""
    made = Service("shop", cors=cors)

    @made.get("/items", public=True)
    def items() -> str:
        return "all"

    @made.put("/items/{id}")
    def put(id: str) -> str:
        return id

    return made


def preflight(
    platform: Platform, origin: str, *, method: str = "PUT", path: str = "/shop/items/1"
) -> Response:
    """What a browser asks before it calls."""
    asked = {
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": "Authorization",
    }
    return platform.request("OPTIONS", path, headers=asked)


def opened(reply: Response) -> dict[str, str]:
    """What the reply allows."""
    return {
        name: value for name, value in reply.headers.items() if name.startswith("access-control-a")
    }


def test_a_service_that_says_nothing_is_closed() -> None:
    with Platform(shop()) as platform:
        assert (preflight(platform, SHOP).status, opened(preflight(platform, SHOP))) == (405, {})
        reply = platform.get("/shop/items", headers={"origin": SHOP})
        assert (reply.status, opened(reply)) == (200, {})


def test_a_named_origin_may_call_and_no_other() -> None:
    with Platform(shop(SHOP)) as platform:
        reply = preflight(platform, SHOP)
        assert (reply.status, reply.body, reply.headers["vary"]) == (204, b"", "origin")
        assert opened(reply) == {
            "access-control-allow-origin": SHOP,
            "access-control-allow-methods": "PUT",
            "access-control-allow-headers": "authorization",
        }
        for other in (
            "https://shop.example.evil.example",
            "http://shop.example",
            "null",
            SHOP + ":8443",
        ):
            refused = preflight(platform, other)
            assert (refused.status, opened(refused)) == (403, {})
            assert opened(platform.get("/shop/items", headers={"origin": other})) == {}


def test_refusals_can_be_read_by_the_page_too() -> None:
    with Platform(shop(SHOP)) as platform:
        reply = platform.put("/shop/items/1")
        assert (reply.status, reply.headers["vary"], opened(reply)) == (401, "origin", {})
        reply = platform.request("PUT", "/shop/items/1", headers={"origin": SHOP})
        assert (reply.status, opened(reply)) == (401, {"access-control-allow-origin": SHOP})
        assert "retry-after" in reply.headers["access-control-expose-headers"]


def test_what_is_not_there_is_not_allowed() -> None:
    with Platform(shop(SHOP)) as platform:
        assert preflight(platform, SHOP, method="DELETE").status == 405
        assert preflight(platform, SHOP, path="/shop/none").status == 404
        assert preflight(platform, SHOP, path="/none").status == 404
        assert preflight(platform, SHOP, method="HEAD", path="/shop/items").status == 204
        assert platform.request("OPTIONS", "/shop/items").status == 405


def test_strange_header_names_are_not_repeated() -> None:
    with Platform(shop(SHOP)) as platform:
        asked = {
            "origin": SHOP,
            "access-control-request-method": "PUT",
            "access-control-request-headers": "a b; c",
        }
        reply = platform.request("OPTIONS", "/shop/items/1", headers=asked)
        assert "access-control-allow-headers" not in reply.headers


def test_every_page_may_call_without_credentials() -> None:
    with Platform(shop("*")) as platform:
        replies = (
            preflight(platform, "https://any.example"),
            platform.get("/shop/items", headers={"origin": "null"}),
        )
        for reply in replies:
            assert reply.headers["access-control-allow-origin"] == "*"
            assert "access-control-allow-credentials" not in reply.headers


@pytest.mark.parametrize(
    "cors",
    [
        ["shop.example"],
        [SHOP + "/"],
        [SHOP + "/page"],
        ["HTTPS://shop.example"],
        ["null"],
        ["*", SHOP],
        ["https://*"],
    ],
)
def test_what_is_no_origin_is_refused_at_load(cors: list[str]) -> None:
    with pytest.raises(InvalidProgram, match="is not an origin"):
        load([shop(*cors)])


def test_a_handlers_own_headers_win() -> None:
    own = (("cache-control", "max-age=60"), ("content-security-policy", "default-src 'self'"))
    assert complete(own, private=True) == (
        *own,
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
    )


def test_a_handler_cannot_say_the_date_or_the_trace_a_second_time() -> None:
    own = (("date", "x"), ("trace-id", "y"), ("x-shop", "1"))
    names = [name for name, _ in complete(own, private=False)]
    assert (names[0], "date" in names, "trace-id" in names) == ("x-shop", False, False)
