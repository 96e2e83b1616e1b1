"""The local issuer signs what Cognito would, and lets nothing else through."""

import base64
import hashlib
import hmac
import json
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import example, given
from hypothesis import strategies as st

from oort.engine.clocks import VirtualClock
from oort.engine.identity import issuer as module
from oort.engine.identity import signing_keys
from oort.engine.identity.issuer import CLIENT, Issuer, issuer_url
from oort.engine.identity.signing_keys import KEY_FILE, thumbprint
from oort.model.errors import InvalidToken, InvalidUse, StateUnusable
from oort.model.invocations import Principal

URL = issuer_url("cometbid")
HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def issuer(clock: VirtualClock) -> Issuer:
    return Issuer(None, URL, clock)


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def encoded(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def signed(
    issuer: Issuer,
    changes: dict[str, Any] | None = None,
    *,
    without: str = "",
    header: dict[str, Any] | None = None,
    key: rsa.RSAPrivateKey | None = None,
) -> str:
    """A token with a right signature (unless another key is given) around wrong contents."""
    claims = claims_of(issuer.issue("ada", ["support"])) | (changes or {})
    claims.pop(without, None)
    return jwt.encode(
        claims,
        key or signing_keys._memory_key(),
        algorithm="RS256",
        headers={"kid": issuer.key_id} | (header or {}),
    )


def reason(issuer: Issuer, token: str) -> str:
    with pytest.raises(InvalidToken) as caught:
        issuer.verify(token)
    assert caught.value.__cause__ is None
    return caught.value.what


def test_an_issued_token_is_verified(issuer: Issuer) -> None:
    token = issuer.issue("ada", ["support", "admin", "support"])
    assert issuer.verify(token) == Principal("ada", frozenset({"support", "admin"}))
    assert issuer.verify(token) == Principal("ada", frozenset({"support", "admin"}))
    assert issuer.verify(issuer.issue("bob", [])) == Principal("bob")


def test_a_token_looks_like_an_access_token_of_cognito(issuer: Issuer, clock: VirtualClock) -> None:
    token = issuer.issue("ada", ["b", "a"], timedelta(minutes=5))
    assert jwt.get_unverified_header(token) == {"alg": "RS256", "typ": "JWT", "kid": issuer.key_id}
    claims = claims_of(token)
    now = int(clock.now().timestamp())
    assert claims.pop("jti") != claims_of(issuer.issue("ada", []))["jti"]
    assert claims == {
        "sub": "ada",
        "username": "ada",
        "cognito:groups": ["a", "b"],
        "token_use": "access",
        "client_id": CLIENT,
        "iss": "http://oort.localhost/cometbid",
        "iat": now,
        "exp": now + 300,
        "scope": "aws.cognito.signin.user.admin",
    }
    assert "cognito:groups" not in claims_of(issuer.issue("ada", []))


@pytest.mark.parametrize("lifetime", [timedelta(0), -HOUR, timedelta(days=1, seconds=1)])
def test_a_token_lives_up_to_a_day(issuer: Issuer, lifetime: timedelta) -> None:
    with pytest.raises(InvalidUse, match="cannot live"):
        issuer.issue("ada", [], lifetime)


def test_a_token_needs_a_user(issuer: Issuer) -> None:
    with pytest.raises(InvalidUse, match="needs a user"):
        issuer.issue("", [])


def test_a_token_ends_with_its_lifetime_whether_seen_before_or_not(
    issuer: Issuer, clock: VirtualClock
) -> None:
    seen, unseen = issuer.issue("ada", [], HOUR), issuer.issue("ada", [], HOUR)
    clock.advance(HOUR - timedelta(microseconds=1))
    assert issuer.verify(seen).id == "ada"
    clock.advance(timedelta(microseconds=1))
    assert reason(issuer, seen) == reason(issuer, unseen) == "The token has expired."


def test_the_machines_clock_plays_no_part(clock: VirtualClock) -> None:
    clock.advance(timedelta(days=36500))
    later = Issuer(None, URL, clock)
    assert later.verify(later.issue("ada", [])).id == "ada"
    assert (
        reason(Issuer(None, URL, VirtualClock()), later.issue("ada", []))
        == "The token is not valid yet."
    )


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_a_token_from_the_future_is_refused_until_then(
    issuer: Issuer, clock: VirtualClock, claim: str
) -> None:
    token = signed(issuer, {claim: int(clock.now().timestamp()) + 60})
    assert reason(issuer, token) == "The token is not valid yet."
    clock.advance(timedelta(seconds=60))
    assert issuer.verify(token).id == "ada"


def test_a_token_without_signature_is_refused(issuer: Issuer) -> None:
    claims = claims_of(issuer.issue("ada", ["admin"]))
    for algorithm in ("none", "None", "NONE", "nOnE"):
        bare = f"{encoded({'alg': algorithm, 'kid': issuer.key_id})}.{encoded(claims)}."
        assert reason(issuer, bare) == "The token is malformed."
        assert reason(issuer, bare + "AA") == "The token's algorithm is not RS256."


@pytest.mark.parametrize("form", ["pem", "der", "jwk"])
def test_the_public_key_is_no_shared_secret(issuer: Issuer, form: str) -> None:
    public = signing_keys._memory_key().public_key()
    secret = {
        "pem": public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
        "der": public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
        "jwk": jwt.algorithms.RSAAlgorithm.to_jwk(public).encode(),
    }[form]
    head = encoded({"alg": "HS256", "typ": "JWT", "kid": issuer.key_id})
    content = f"{head}.{encoded(claims_of(issuer.issue('ada', ['admin'])))}"
    forged = f"{content}.{encoded(hmac.new(secret, content.encode(), hashlib.sha256).digest())}"
    assert reason(issuer, forged) == "The token's algorithm is not RS256."


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_another_algorithm_with_the_right_key_is_refused(issuer: Issuer, algorithm: str) -> None:
    claims = claims_of(issuer.issue("ada", []))
    token = jwt.encode(
        claims, signing_keys._memory_key(), algorithm=algorithm, headers={"kid": issuer.key_id}
    )
    assert reason(issuer, token) == "The token's algorithm is not RS256."


OTHER_KEY = "The token was signed with a key of another platform or an older one."


@pytest.mark.parametrize(
    "kid", ["../../dev/null", "/dev/null", "", None, 7, ["x"], "' OR 1=1 --", "other"]
)
def test_a_key_id_only_ever_names_our_key(issuer: Issuer, kid: object) -> None:
    _, payload, signature = issuer.issue("ada", []).split(".")
    header = encoded({"alg": "RS256", "typ": "JWT", "kid": kid})
    answer = reason(issuer, f"{header}.{payload}.{signature}")
    assert answer in {OTHER_KEY, "The token is malformed."}


def test_a_token_without_a_key_id_is_refused(issuer: Issuer) -> None:
    token = jwt.encode(
        claims_of(issuer.issue("ada", [])), signing_keys._memory_key(), algorithm="RS256"
    )
    assert reason(issuer, token) == OTHER_KEY


@pytest.mark.parametrize(
    "extra",
    [
        {"jku": "https://evil.example/keys"},
        {"jwk": {"kty": "RSA"}},
        {"x5u": "x"},
        {"typ": "id+jwt"},
        {"zip": "DEF"},
    ],
)
def test_a_token_cannot_bring_its_own_key(issuer: Issuer, extra: dict[str, Any]) -> None:
    assert (
        reason(issuer, signed(issuer, header=extra))
        == "The token's header has more than alg, kid and typ."
    )


def test_a_critical_extension_is_refused(issuer: Issuer) -> None:
    assert reason(issuer, signed(issuer, header={"crit": ["b64"], "b64": False})).startswith(
        "The token"
    )


def test_a_token_signed_with_another_key_is_refused(issuer: Issuer) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert reason(issuer, signed(issuer, key=other)) == "The token's signature is not right."


def test_a_changed_payload_is_refused(issuer: Issuer) -> None:
    header, _, signature = issuer.issue("ada", []).split(".")
    payload = encoded(claims_of(issuer.issue("ada", [])) | {"cognito:groups": ["admin"]})
    assert (
        reason(issuer, f"{header}.{payload}.{signature}") == "The token's signature is not right."
    )


@pytest.mark.parametrize(
    ("claim", "value", "answer"),
    [
        ("iss", "http://oort.localhost/other", "The token comes from another issuer."),
        ("iss", URL + "/", "The token comes from another issuer."),
        ("client_id", "another", "The token is for another client."),
        ("sub", "", "The token has no subject."),
    ],
)
def test_a_token_for_somebody_else_is_refused(
    issuer: Issuer, claim: str, value: str, answer: str
) -> None:
    assert reason(issuer, signed(issuer, {claim: value})) == answer


WRONG_CLAIM = "The token lacks a claim of an access token, or has one of the wrong type."


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("token_use", "id"),
        ("cognito:groups", ["support", 7]),
        ("cognito:groups", "admin"),
        ("cognito:groups", None),
        ("cognito:groups", {"admin": True}),
        ("username", 7),
        ("scope", None),
    ],
)
def test_a_claim_of_the_wrong_type_is_refused(issuer: Issuer, claim: str, value: object) -> None:
    assert reason(issuer, signed(issuer, {claim: value})) == WRONG_CLAIM


@pytest.mark.parametrize(
    "claim", ["sub", "iss", "client_id", "token_use", "username", "scope", "jti", "iat", "exp"]
)
def test_every_claim_of_an_access_token_is_required(issuer: Issuer, claim: str) -> None:
    assert reason(issuer, signed(issuer, without=claim)) == WRONG_CLAIM


@pytest.mark.parametrize("value", ["soon", None, True, [1], 1.5, 10**400])
@pytest.mark.parametrize("claim", ["exp", "iat", "sub", "jti"])
def test_a_strange_time_or_subject_is_refused(issuer: Issuer, claim: str, value: object) -> None:
    if claim in {"sub", "jti"} and value == "soon":
        value = {"nested": "soon"}
    assert reason(issuer, signed_raw(issuer, {claim: value})).startswith("The token")


def test_a_token_that_lives_longer_than_any_token_is_refused(
    issuer: Issuer, clock: VirtualClock
) -> None:
    now, day = int(clock.now().timestamp()), 24 * 3600
    assert issuer.verify(signed(issuer, {"iat": now, "exp": now + day})).id == "ada"
    token = signed(issuer, {"iat": now, "exp": now + day + 1})
    assert reason(issuer, token) == "The token lives longer than a day."


def signed_raw(issuer: Issuer, changes: dict[str, Any]) -> str:
    """Signs by hand: PyJWT refuses to write some claims that a hostile library would."""
    return sign(issuer, json.dumps(claims_of(issuer.issue("ada", [])) | changes).encode())


def sign(issuer: Issuer, payload: bytes) -> str:
    content = f"{encoded({'alg': 'RS256', 'kid': issuer.key_id})}.{encoded(payload)}"
    algorithm = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
    return f"{content}.{encoded(algorithm.sign(content.encode(), signing_keys._memory_key()))}"


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"null",
        b"7",
        b"{",
        b"\xff",
        b'{"sub":NaN}',
        b"[" * 4000,
        b'{"a":' * 1000 + b"1" + b"}" * 1000,
    ],
)
def test_a_payload_that_is_no_object_is_refused(issuer: Issuer, payload: bytes) -> None:
    assert reason(issuer, sign(issuer, payload)).startswith("The token")


@pytest.mark.parametrize(
    "header", [b"", b"[]", b"null", b"7", b"{", b"\xff", b"[" * 4000, b'{"alg":["RS256"]}']
)
def test_a_header_that_is_no_object_is_refused(issuer: Issuer, header: bytes) -> None:
    _, payload, signature = issuer.issue("ada", []).split(".")
    assert reason(issuer, f"{encoded(header)}.{payload}.{signature}").startswith("The token")


def test_a_huge_token_is_refused_unread(issuer: Issuer) -> None:
    assert reason(issuer, "a" * 10_000_000) == "The token is too long."
    assert reason(issuer, signed(issuer, {"more": "x" * 8192})) == "The token is too long."


@given(st.text())
@example("..")
@example("a.b.c")
@example("\ud800.a.b")
@example("é.é.é")
def test_any_text_is_refused_in_one_way(text: str) -> None:
    assert reason(Issuer(None, URL, VirtualClock()), text).startswith("The token")


@given(st.integers(0, 700), st.characters(max_codepoint=127))
def test_a_changed_character_is_never_accepted_as_something_else(
    place: int, character: str
) -> None:
    issuer = Issuer(None, URL, VirtualClock())
    token = issuer.issue("ada", ["support"])
    changed = token[:place] + character + token[place + 1 :]
    with suppress(InvalidToken):
        assert issuer.verify(changed) == Principal("ada", frozenset({"support"}))


def test_reasons_name_nothing_from_the_token(issuer: Issuer) -> None:
    for token in (
        signed(issuer, {"iss": "hunter2"}),
        signed(issuer, {"scope": ["hunter2"]}),
        "hunter2.hunter2.hunter2",
    ):
        assert "hunter2" not in reason(issuer, token)


def test_the_memory_of_verified_tokens_is_bounded(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CACHED", 2)
    tokens = [issuer.issue(user, []) for user in ("ada", "bob", "eve")]
    assert [issuer.verify(token).id for token in (*tokens, tokens[0])] == [
        "ada",
        "bob",
        "eve",
        "ada",
    ]
    assert len(issuer._verified) == 2
    assert tokens[1] not in issuer._verified


def test_the_token_used_last_is_forgotten_last(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CACHED", 2)
    ada, bob, eve = (issuer.issue(user, []) for user in ("ada", "bob", "eve"))
    for token in (ada, bob, ada, eve):
        issuer.verify(token)
    assert list(issuer._verified) == [ada, eve]


def test_a_refused_token_is_not_remembered(issuer: Issuer, clock: VirtualClock) -> None:
    reason(issuer, signed(issuer, {"iss": "other"}))
    token = issuer.issue("ada", [], HOUR)
    issuer.verify(token)
    clock.advance(HOUR)
    reason(issuer, token)
    assert list(issuer._verified) == []


def test_tokens_of_one_platform_are_strange_to_another(issuer: Issuer, clock: VirtualClock) -> None:
    assert (
        reason(Issuer(None, issuer_url("other"), clock), issuer.issue("ada", []))
        == "The token comes from another issuer."
    )


def test_the_key_is_kept_in_the_folder_for_its_owner_alone(
    tmp_path: Path, clock: VirtualClock
) -> None:
    folder = tmp_path / "state" / "platform"
    token = Issuer(folder, URL, clock).issue("ada", [])
    assert stat.S_IMODE((folder / KEY_FILE).stat().st_mode) == 0o600
    assert {path.name for path in folder.iterdir()} == {".changes", KEY_FILE}
    assert Issuer(folder, URL, clock).verify(token).id == "ada"
    assert reason(Issuer(tmp_path / "other", URL, clock), token) == OTHER_KEY


def test_a_key_that_others_could_read_is_closed(tmp_path: Path, clock: VirtualClock) -> None:
    Issuer(tmp_path, URL, clock)
    (tmp_path / KEY_FILE).chmod(0o644)
    Issuer(tmp_path, URL, clock)
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600


def test_issuers_that_start_together_share_one_key(tmp_path: Path, clock: VirtualClock) -> None:
    with ThreadPoolExecutor(4) as pool:
        issuers = list(pool.map(lambda _: Issuer(tmp_path, URL, clock), range(4)))
    assert len({issuer.key_id for issuer in issuers}) == 1
    assert {path.name for path in tmp_path.iterdir()} == {".changes", KEY_FILE}


def small_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)


def curve_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.mark.parametrize("make", [small_key, curve_key])
def test_a_key_of_another_kind_is_refused(
    tmp_path: Path,
    clock: VirtualClock,
    make: Callable[[], rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey],
) -> None:
    pem = make().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / KEY_FILE).write_bytes(pem)
    with pytest.raises(StateUnusable, match="2048 bits"):
        Issuer(tmp_path, URL, clock)


@pytest.mark.parametrize(
    "content",
    [b"", b"not a key", b"-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"],
)
def test_a_damaged_key_is_one_clear_sentence(
    tmp_path: Path, clock: VirtualClock, content: bytes
) -> None:
    (tmp_path / KEY_FILE).write_bytes(content)
    with pytest.raises(StateUnusable, match="Delete the file"):
        Issuer(tmp_path, URL, clock)


def test_a_folder_that_cannot_hold_a_key_is_one_clear_sentence(
    tmp_path: Path, clock: VirtualClock
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateUnusable, match="cannot be used"):
        Issuer(tmp_path / "file", URL, clock)


def test_the_key_id_is_the_thumbprint_of_rfc_7638() -> None:
    jwk = {
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiF"
        "V4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zg"
        "dAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-"
        "kEgU8awapJzKnqDKgw",
        "e": "AQAB",
    }
    key = jwt.algorithms.RSAAlgorithm.from_jwk(jwk)
    assert isinstance(key, rsa.RSAPublicKey)
    assert thumbprint(key) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
