"""Which route a request meets."""

from contextlib import suppress
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oort.rules.http import routing
from oort.rules.http.routing import Match, Routes, WrongMethod
from tests.unit import programs

ROUTES = Routes(
    [
        programs.route("GET", "/"),
        programs.route("GET", "/accounts"),
        programs.route("POST", "/accounts"),
        programs.route("GET", "/accounts/{id}"),
        programs.route("DELETE", "/accounts/{account}"),
        programs.route("GET", "/accounts/me"),
        programs.route("GET", "/accounts/{id}/email"),
        programs.route("GET", "/accounts/me/photo"),
        programs.route("GET", "/{shop}/{item}/price"),
        programs.route("GET", "/tschüß"),
        programs.function("shop.worker", programs.sign_up().services[1].functions[1].trigger),
    ]
)


def meets(method: str, path: str) -> str | tuple[str, ...] | None:
    found = ROUTES.match(method, path)
    if isinstance(found, Match):
        assert found.function.trigger is found.trigger
        return found.trigger.path
    return found.allowed if isinstance(found, WrongMethod) else None


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/", "/"),
        ("", "/"),
        ("/accounts", "/accounts"),
        ("/accounts/", "/accounts"),
        ("/accounts/7", "/accounts/{id}"),
        ("/accounts/7/", "/accounts/{id}"),
        ("/accounts/me", "/accounts/me"),
        ("/accounts/me/photo", "/accounts/me/photo"),
        ("/accounts/me/email", "/accounts/{id}/email"),
        ("/accounts/7/price", "/{shop}/{item}/price"),
        ("/accounts/me/price", "/{shop}/{item}/price"),
        ("/tsch%C3%BC%C3%9F", "/tschüß"),
        ("/%61ccounts", "/accounts"),
        ("/accounts/%6De", "/accounts/me"),
        ("/accounts/a%2Fb", "/accounts/{id}"),
        ("/accounts/{id}", "/accounts/{id}"),
    ],
)
def test_fixed_segments_win_and_parameters_take_the_rest(path: str, route: str) -> None:
    assert meets("GET", path) == route


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/accounts//",
        "//accounts",
        "/accounts//email",
        "///",
        "/a/b/c/d",
        "/accounts%2F7/x",
        "/a//price",
    ],
)
def test_an_unknown_path_or_an_empty_parameter_meets_nothing(path: str) -> None:
    assert meets("GET", path) is None


def test_the_wrong_method_learns_the_right_ones() -> None:
    assert meets("PUT", "/accounts") == ("GET", "POST")
    assert meets("PUT", "/accounts/7") == ("DELETE", "GET")
    assert meets("get", "/accounts") == ("GET", "POST")
    assert meets("DELETE", "/accounts/me") == (
        "GET",
    )  # a fixed segment wins before the method is looked at


def test_each_method_has_its_own_parameter_names() -> None:
    read, delete = ROUTES.match("GET", "/accounts/7"), ROUTES.match("DELETE", "/accounts/7")
    assert isinstance(read, Match)
    assert isinstance(delete, Match)
    assert (read.parameters, delete.parameters) == ({"id": "7"}, {"account": "7"})


@given(st.text(min_size=1), st.text(min_size=1))
def test_any_text_passes_through_a_parameter(shop: str, item: str) -> None:
    found = ROUTES.match("GET", f"/{quote(shop, safe='')}/{quote(item, safe='')}/price")
    assert isinstance(found, Match)
    assert found.parameters == {"shop": shop, "item": item}


@given(st.text(alphabet="/%{}ab", max_size=30))
def test_any_path_gets_an_answer(path: str) -> None:
    with suppress(UnicodeDecodeError):
        ROUTES.match("GET", path)


def test_a_path_of_many_segments_is_answered_at_once() -> None:
    assert ROUTES.match("GET", "/a" * 100_000) is None


def test_a_path_that_is_not_utf8_is_an_error_of_its_own() -> None:
    with pytest.raises(UnicodeDecodeError):
        ROUTES.match("GET", "/accounts/%FF")


def test_the_shape_of_a_path_has_no_names() -> None:
    assert routing.shape("/accounts/{id}/email/") == "/accounts/{}/email"
    assert routing.shape("/") == "/"
