"""Each client of each route may call so often and no more; what is more gets 429, is told when to come back, and enters no handler."""

from datetime import timedelta

import msgspec

from cometbid.accounts import accounts
from cometbid.accounts.store import People
from oort import Can, Context, Principal, Put, Service, Table
from oort.model import limits
from oort.testing import Platform
from tests.scenarios.cometbid_kit import SIGN_UP

shop = Service("shop")


class Visit(msgspec.Struct):
    """One visit."""

    id: str


@shop.table("visits", key="id")
class Visits(Table[str, Visit, Can]):
    """All visits."""


@shop.post("/visits", public=True, rate=0.5, burst=3)
def visit(ctx: Context, visits: Visits[Put]) -> None:
    """Come in."""
    visits.put(Visit(ctx.message_id))


@shop.get("/orders", rate=2, burst=2)
def orders(who: Principal) -> str:
    """Show a caller's own."""
    return who.id


@shop.get("/catalogue", public=True)
def catalogue() -> str:
    """Show everything."""
    return "all"


def test_what_is_over_the_rate_is_429_with_a_time_and_enters_no_handler() -> None:
    with Platform(shop) as running:
        assert [running.post("/shop/visits").status for _ in range(5)] == [200, 200, 200, 429, 429]
        refused = running.post("/shop/visits")
        assert refused.headers["retry-after"] == "2"
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json() == {
            "type": "urn:problem:too-many-requests",
            "title": "The client calls this route too often.",
            "status": 429,
            "detail": "Try again in 2 s.",
            "retry_after": 2,
        }
        assert len(running.items(Visits)) == 3
        assert [span.detail["status"] for span in running.spans(refused.trace)] == ["429"]


def test_who_waits_as_told_passes() -> None:
    with Platform(shop) as running:
        replies = [running.post("/shop/visits") for _ in range(4)]
        running.advance(timedelta(seconds=int(replies[-1].headers["retry-after"])))
        assert [running.post("/shop/visits").status for _ in range(2)] == [200, 429]


def test_callers_are_counted_one_by_one_and_machines_as_well() -> None:
    with Platform(shop) as running:
        for who in ("ada", "bob", "key:robot"):
            assert [running.get("/shop/orders", as_=who).status for _ in range(3)] == [
                200,
                200,
                429,
            ]


def test_wrong_tokens_are_counted_but_not_against_those_who_have_right_ones() -> None:
    with Platform(shop) as running:
        wrong = {"authorization": "Bearer nonsense"}
        assert [running.get("/shop/orders", headers=wrong).status for _ in range(3)] == [
            401,
            401,
            429,
        ]
        assert running.get("/shop/orders", as_="ada").status == 200


def test_a_test_platform_has_no_other_limits_unless_it_asks_for_those_of_the_gateway() -> None:
    with Platform(shop) as running:
        assert {running.get("/shop/catalogue").status for _ in range(200)} == {200}
    with Platform(shop, throttle=True) as running:
        public, private = limits.PUBLIC_RATE, limits.PRIVATE_RATE
        statuses = [running.get("/shop/catalogue").status for _ in range(public.burst + 1)]
        assert (statuses.count(200), statuses[-1]) == (public.burst, 429)
        running.advance(timedelta(seconds=1))
        later = [running.get("/shop/catalogue").status for _ in range(int(public.per_second) + 1)]
        assert later.count(200) == public.per_second
        known = [running.get("/shop/catalogue", as_="ada").status for _ in range(private.burst + 1)]
        assert (known.count(200), known[-1]) == (private.burst, 429)


def test_signing_up_in_haste_is_stopped() -> None:
    with Platform(accounts, throttle=True) as running:
        most = limits.PUBLIC_RATE.burst
        bodies = ({**SIGN_UP, "email": f"{one}@example.com"} for one in range(most + 10))
        statuses = [running.post("/accounts", body).status for body in bodies]
        assert (statuses[:most], statuses[most:]) == ([201] * most, [429] * 10)
        assert len(running.items(People)) == most
