"""Security: a route without `public=True` answers 401 without a valid token, and an account is open to its owner and support."""

import pytest

from cometbid.accounts import accounts
from cometbid.accounts.store import Account, People
from oort.app.loading.loader import load
from oort.model.functions import Http
from tests.scenarios.cometbid_kit import SIGN_UP, MemorySender, platform

PUBLIC = {"POST /accounts", "GET /analytics/counts/{day}"}


def test_only_two_routes_of_the_reference_platform_are_public() -> None:
    with platform(MemorySender()) as running:
        triggers = [one.trigger for one in running.model.functions if isinstance(one.trigger, Http)]
        assert {f"{one.method} {one.path}" for one in triggers if one.public} == PUBLIC
        for trigger in triggers:
            if not trigger.public:
                reply = running.request(
                    trigger.method, trigger.path.replace("{id}", "1").replace("{owner}", "1")
                )
                assert (reply.status, reply.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("header", ["Bearer nonsense", "Basic YTpi", "Bearer", "nonsense", ""])
def test_a_token_that_is_not_valid_is_no_token(header: str) -> None:
    with platform(MemorySender()) as running:
        reply = running.get("/accounts/1", headers={"authorization": header})
        assert (reply.status, reply.headers["content-type"]) == (401, "application/problem+json")


def test_an_account_is_open_to_its_owner_and_to_support() -> None:
    with platform(MemorySender()) as running:
        account = running.post("/accounts", SIGN_UP).into(Account)
        path, mail = f"/accounts/{account.id}", {"email": "eve@example.com"}
        assert running.get(path, as_="eve").status == 403
        assert running.patch(f"{path}/email", mail, as_="eve").status == 403
        assert running.delete(path, as_="eve", groups=["analysts"]).status == 403
        assert running.items(People) == [account]
        assert running.get(path, as_=account.id).status == 200
        assert running.get(path, as_="sam", groups=["support"]).status == 200
        assert running.delete(path, as_="sam", groups=["support"]).status == 204


def test_a_group_route_refuses_members_of_other_groups() -> None:
    with platform(MemorySender()) as running:
        assert running.get("/accounts", as_="eve").status == 403
        assert running.get("/accounts", as_="eve", groups=["analysts"]).status == 403
        assert running.get("/accounts", as_="sam", groups=["support"]).status == 200


def test_somebody_elses_account_is_forbidden_whether_it_exists_or_not() -> None:
    with platform(MemorySender()) as running:
        account = running.post("/accounts", SIGN_UP).into(Account)
        real, unreal = (
            running.get(f"/accounts/{one}", as_="eve") for one in (account.id, "no-such-account")
        )
        assert (real.status, real.body) == (unreal.status, unreal.body)


def test_private_is_what_a_route_is_when_nothing_is_said() -> None:
    triggers = {one.name: one.trigger for one in load([accounts]).model.functions}
    read = triggers["accounts.read"]
    assert isinstance(read, Http)
    assert not read.public
