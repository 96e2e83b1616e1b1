"""Cognito judges a token; a token of another pool, or of another kind, is refused all the same."""

import base64
import json

import pytest

from oort.aws.services.identity import Identity
from oort.model.errors import InvalidToken, Unavailable
from oort.model.invocations import Principal
from tests.unit.aws.scripted import clients, refused


def token(**claims: object) -> str:
    whole = {"iss": "https://cognito-idp.eu-north-1.amazonaws.com/pool", "sub": "ada", "token_use": "access", **claims}
    return f"h.{base64.urlsafe_b64encode(json.dumps(whole).encode()).decode().rstrip('=')}.s"


def test_a_good_token_stands_for_its_subject_and_groups() -> None:
    made, _ = clients(get_user=[{}])
    found = Identity(made, pool="pool").verify(token(**{"cognito:groups": ["support"]}))
    assert found == Principal("ada", frozenset({"support"}))


@pytest.mark.parametrize(
    "bad", ["", "a.b", "a.%.c", "a.e30.c", token(iss="https://x/other"), token(token_use="id"), token(sub="")]
)
def test_what_is_no_access_token_of_this_pool_is_refused(bad: str) -> None:
    made, _ = clients(get_user=[{}])
    with pytest.raises(InvalidToken):
        Identity(made, pool="pool").verify(bad)


def test_a_token_that_cognito_refuses_is_not_good() -> None:
    made, _ = clients(get_user=[refused("NotAuthorizedException", "Access Token has been revoked")])
    with pytest.raises(InvalidToken, match="revoked"):
        Identity(made, pool="pool").verify(token())


def test_a_throttled_question_is_no_verdict() -> None:
    made, _ = clients(get_user=[refused("TooManyRequestsException")])
    with pytest.raises(Unavailable):
        Identity(made, pool="pool").verify(token())


def test_revoking_signs_the_user_out() -> None:
    made, client = clients(get_user=[{}], global_sign_out=[{}])
    Identity(made, pool="pool").revoke(token())
    assert client.asked[-1][0] == "global_sign_out"


def test_api_keys_are_not_known() -> None:
    made, _ = clients()
    with pytest.raises(InvalidToken):
        Identity(made, pool="pool").holder("key")
