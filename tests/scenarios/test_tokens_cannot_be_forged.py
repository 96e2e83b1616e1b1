"""Security: whatever an attacker makes of a token, the gateway answers 401 and no handler runs.

The real issuer behind the real gateway, in virtual time. Each attack starts from a token that would be accepted.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from oort import Principal, Service
from oort.app.loading.loader import load
from oort.engine.clocks import VirtualClock
from oort.engine.engine import Engine
from oort.engine.entropy import SeededEntropy
from oort.engine.gateway.gateway import LOGOUT, Admission
from oort.engine.identity.issuer import CLIENT, Issuer, issuer_url
from oort.engine.identity.signing_keys import KEY_FILE
from oort.engine.store.direct import DirectStore
from oort.model.http import HttpReply, HttpRequest

URL = issuer_url("vault")
DAY = timedelta(days=1)
vault = Service("vault")


@vault.get("/mine")
def mine(who: Principal) -> str:
    """For everybody who is known."""
    return who.id


@vault.get("/all", groups=["admin"])
def everything(who: Principal) -> str:
    """For administrators."""
    return who.id


@vault.get("/of/{id}", owner="id", groups=["admin"])
def owned(id: str) -> str:
    """For one of them."""
    return id


class Vault:
    """The platform, its issuer with keys in a folder, and its private key, which an attacker has only where a test says so."""

    def __init__(self, folder: Path, *, clock: VirtualClock | None = None) -> None:
        self.folder = folder
        self.clock = clock or VirtualClock()
        self.issuer = Issuer(folder, URL, self.clock)
        self.store = DirectStore()
        engine = Engine(
            load([vault]),
            store=self.store,
            clock=self.clock,
            entropy=SeededEntropy(1),
            identity=self.issuer,
        )
        self.gateway = engine.gateway

    @property
    def key(self) -> rsa.RSAPrivateKey:
        """The key that signs now."""
        key = serialization.load_pem_private_key(
            (self.folder / KEY_FILE).read_bytes(), password=None
        )
        assert isinstance(key, rsa.RSAPrivateKey)
        return key

    def get(self, path: str, token: str = "", **headers: str) -> HttpReply:
        """The reply to a request with this bearer token."""
        bearer = {"authorization": f"Bearer {token}"} if token else {}
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        admitted = self.gateway.admit(HttpRequest("GET", path, headers={**bearer, **more}))
        return self.gateway.answer(admitted, b"") if isinstance(admitted, Admission) else admitted

    def logout(self, token: str) -> HttpReply:
        """The reply to a logout with this token."""
        return self.gateway.logout(
            HttpRequest("POST", LOGOUT, headers={"authorization": f"Bearer {token}"})
        )

    def refuses(self, token: str) -> str:
        """Assert a 401 without a handler's trace; the reason that was given."""
        reply = self.get("/vault/mine", token)
        assert (reply.status, dict(reply.headers)["www-authenticate"]) == (401, "Bearer")
        return str(json.loads(reply.body)["detail"])


@pytest.fixture(scope="module")
def pem() -> bytes:
    """A private key; making one for each test would take longer than all attacks."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    forms = serialization.PrivateFormat
    return key.private_bytes(serialization.Encoding.PEM, forms.PKCS8, serialization.NoEncryption())


@pytest.fixture
def platform(tmp_path: Path, pem: bytes) -> Iterator[Vault]:
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / KEY_FILE).write_bytes(pem)
    made = Vault(folder)
    yield made
    made.store.close()


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and the claims of a token."""
    return jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})


def encoded(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def test_a_right_token_opens_what_it_should(platform: Vault) -> None:
    token = platform.issuer.issue("ada", [])
    assert platform.get("/vault/mine", token).body == b'"ada"'
    assert platform.get("/vault/all", token).status == 403
    assert platform.get("/vault/all", platform.issuer.issue("eve", ["admin"])).status == 200


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE"])
def test_a_token_without_a_signature(platform: Vault, algorithm: str) -> None:
    header, claims = parts(platform.issuer.issue("ada", ["admin"]))
    bare = f"{encoded({**header, 'alg': algorithm})}.{encoded(claims)}"
    for signature in ("", "AA", platform.issuer.issue("ada", ["admin"]).split(".")[2]):
        platform.refuses(f"{bare}.{signature}")


def test_the_public_key_used_as_a_shared_secret(platform: Vault) -> None:
    header, claims = parts(platform.issuer.issue("ada", ["admin"]))
    public = platform.key.public_key()
    forms = serialization.PublicFormat
    for secret in (
        public.public_bytes(serialization.Encoding.PEM, forms.SubjectPublicKeyInfo),
        public.public_bytes(serialization.Encoding.PEM, forms.PKCS1),
        public.public_bytes(serialization.Encoding.DER, forms.SubjectPublicKeyInfo),
        json.dumps(platform.issuer.jwks()["keys"][0]).encode(),
    ):
        content = f"{encoded({**header, 'alg': 'HS256'})}.{encoded(claims)}"
        forged = encoded(hmac.new(secret, content.encode(), hashlib.sha256).digest())
        assert "RS256" in platform.refuses(f"{content}.{forged}")


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "http://oort.localhost/other"},
        {"iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_x"},
        {"client_id": "another-app"},
        {"client_id": ["oort-local"]},
        {"token_use": "id", "aud": CLIENT},
        {"exp": 0},
        {"iat": 2**40},
        {"nbf": 2**40},
        {"sub": ""},
        {"cognito:groups": "admin"},
    ],
    ids=str,
)
def test_a_token_for_somebody_or_something_else(platform: Vault, changes: dict[str, Any]) -> None:
    """Even with the right key: another issuer, client, kind, time, or no subject."""
    header, claims = parts(platform.issuer.issue("ada", []))
    platform.refuses(jwt.encode(claims | changes, platform.key, algorithm="RS256", headers=header))


def test_an_id_token_is_no_access_token(platform: Vault) -> None:
    header, claims = parts(platform.issuer.issue("ada", []))
    del claims["client_id"], claims["scope"]
    id_token = {**claims, "token_use": "id", "aud": CLIENT, "email": "ada@example.com"}
    platform.refuses(jwt.encode(id_token, platform.key, algorithm="RS256", headers=header))


def test_a_token_ends_although_it_was_just_accepted(platform: Vault) -> None:
    token = platform.issuer.issue("ada", [], timedelta(minutes=5))
    assert platform.get("/vault/mine", token).status == 200
    platform.clock.advance(timedelta(minutes=5))
    assert platform.refuses(token) == "The token has expired."


@pytest.mark.parametrize(
    "kid",
    [
        "../../../dev/null",
        "/proc/self/environ",
        "' UNION SELECT 'x' --",
        "$(id)",
        "",
        None,
        0,
        ["a"],
        {"a": "b"},
    ],
)
def test_a_key_id_that_points_elsewhere(platform: Vault, kid: object) -> None:
    header, claims = parts(platform.issuer.issue("ada", []))
    content = f"{encoded({**header, 'kid': kid})}.{encoded(claims)}"
    for secret in (b"", b"\0", b"x"):
        platform.refuses(
            f"{content}.{encoded(hmac.new(secret, content.encode(), hashlib.sha256).digest())}"
        )
    algorithm = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
    platform.refuses(f"{content}.{encoded(algorithm.sign(content.encode(), platform.key))}")


@pytest.mark.parametrize("name", ["jku", "jwk", "x5u", "x5c", "x5t"])
def test_a_token_that_brings_its_own_key(platform: Vault, name: str) -> None:
    header, claims = parts(platform.issuer.issue("ada", ["admin"]))
    own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(own.public_key(), as_dict=True)
    value: object = jwk if name == "jwk" else "https://evil.example/keys.json"
    for key in (own, platform.key):
        platform.refuses(
            jwt.encode(claims, key, algorithm="RS256", headers={**header, name: value})
        )


def test_groups_written_into_a_token(platform: Vault) -> None:
    header, payload, signature = platform.issuer.issue("ada", []).split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert platform.get("/vault/all", f"{header}.{payload}.{signature}").status == 403
    platform.refuses(f"{header}.{encoded({**claims, 'cognito:groups': ['admin']})}.{signature}")
    platform.refuses(f"{header}.{encoded({**claims, 'sub': 'eve'})}.{signature}")


def test_a_token_of_another_platform(platform: Vault, tmp_path: Path) -> None:
    other = Issuer(tmp_path / "other", URL, platform.clock)  # even one of the same name
    assert (
        platform.refuses(other.issue("ada", ["admin"]))
        == "The token was signed with a key of another platform or an older one."
    )


def test_a_token_after_logout_even_after_a_restart(platform: Vault) -> None:
    token, other = (platform.issuer.issue("ada", []) for _ in range(2))
    assert platform.get("/vault/mine", token).status == 200
    assert platform.logout(token).status == 204
    assert platform.refuses(token) == "The token was revoked."
    assert platform.logout(token).status == 401
    assert platform.get("/vault/mine", other).status == 200
    again = Vault(platform.folder, clock=platform.clock)
    again.refuses(token)
    assert again.get("/vault/mine", other).status == 200
    again.store.close()


def test_a_token_that_another_process_revoked_while_it_was_cached(platform: Vault) -> None:
    token = platform.issuer.issue("ada", [])
    assert platform.get("/vault/mine", token).status == 200
    Issuer(platform.folder, URL, platform.clock).revoke(token)
    platform.refuses(token)


def test_nobody_logs_out_somebody_else(platform: Vault) -> None:
    token = platform.issuer.issue("ada", [])
    header, payload, _ = token.split(".")
    for wrong in (f"{header}.{payload}.AAAA", "", "nonsense"):
        assert platform.logout(wrong).status == 401
    assert platform.get("/vault/mine", token).status == 200


def test_the_key_before_a_rotation_signs_nothing_new_and_ends_with_its_last_token(
    platform: Vault,
) -> None:
    stolen, seen = platform.key, platform.issuer.issue("ada", [], DAY)
    header, claims = parts(seen)
    Issuer(platform.folder, URL, platform.clock).rotate()  # in another process
    assert platform.get("/vault/mine", seen).status == 200
    assert platform.get("/vault/mine", platform.issuer.issue("ada", [])).status == 200
    platform.clock.advance(DAY)
    platform.refuses(seen)
    now = int(platform.clock.now().timestamp())
    late = jwt.encode(
        claims | {"iat": now, "exp": now + 60}, stolen, algorithm="RS256", headers=header
    )
    assert "older" in platform.refuses(late)
    assert len(platform.issuer.jwks()["keys"]) == 1


def test_a_rotation_at_once_ends_every_token_of_the_old_key(platform: Vault) -> None:
    token = platform.issuer.issue("ada", [])
    assert platform.get("/vault/mine", token).status == 200
    Issuer(platform.folder, URL, platform.clock).rotate(at_once=True)
    platform.refuses(token)


def test_an_api_key_opens_what_its_groups_may_until_it_is_revoked(platform: Vault) -> None:
    keys = Issuer(platform.folder, URL, platform.clock).api_keys
    key, plain = keys.create("robot", groups=["admin"]), keys.create("reader", groups=[])
    assert platform.get("/vault/all", x_api_key=key).body == b'"key:robot"'
    assert platform.get("/vault/all", x_api_key=plain).status == 403
    assert platform.get("/vault/of/ada", x_api_key=plain).status == 403
    keys.revoke("robot")
    assert platform.get("/vault/all", x_api_key=key).status == 401
    assert platform.get("/vault/mine", x_api_key=plain).status == 200


def test_an_api_key_that_is_not_one(platform: Vault) -> None:
    key = platform.issuer.api_keys.create("robot", groups=["admin"])
    platform.issuer.api_keys.create("reader", groups=[])
    swapped = key.replace("_robot_", "_reader_")
    wrong = (
        key[:-1],
        key + "0",
        key[:-1] + ("0" if key[-1] != "0" else "1"),
        swapped,
        "oort_robot_",
        "oort_no_",
        "_",
        "",
    )
    for one in wrong:
        assert platform.get("/vault/mine", x_api_key=one).status == 401, one
    assert (
        platform.get("/vault/mine", platform.issuer.issue("ada", []), x_api_key=key).status == 401
    )


def test_no_file_of_the_platform_holds_a_key_or_a_token(platform: Vault) -> None:
    key, token = (
        platform.issuer.api_keys.create("robot", groups=[]),
        platform.issuer.issue("ada", []),
    )
    platform.logout(token)
    found = b"".join(file.read_bytes() for file in platform.folder.iterdir())
    assert key.rpartition("_")[2].encode() not in found
    assert token.encode() not in found


def test_an_owners_route_is_open_to_the_owner_and_the_groups_alone(platform: Vault) -> None:
    ada, eve, admin = (
        platform.issuer.issue(who, groups)
        for who, groups in (("ada", ()), ("eve", ()), ("sam", ["admin"]))
    )
    statuses = [platform.get("/vault/of/ada", token).status for token in (ada, eve, admin, "")]
    assert statuses == [200, 403, 200, 401]
    assert platform.get("/vault/of/ADA", ada).status == 403
    assert platform.get("/vault/of/%61da", ada).status == 200  # the same id, written in another way
