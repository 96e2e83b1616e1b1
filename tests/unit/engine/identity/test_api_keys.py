"""API keys and revoked tokens in files that several processes share, damaged files, and interruptions."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest

from oort.engine.clocks import VirtualClock
from oort.engine.identity import api_keys, issuer, revocations
from oort.engine.identity.api_keys import ApiKeys
from oort.engine.identity.discovery_pages import DISCOVERY, JWKS, of
from oort.engine.identity.issuer import Issuer
from oort.engine.identity.revocations import Revocations
from oort.engine.identity.signing_keys import KEY_FILE, RETIRED_FILE, SigningKeys
from oort.model.errors import InvalidToken, InvalidUse, NotFoundHere, StateUnusable
from oort.model.invocations import Principal

CLOCK = VirtualClock()


def test_a_key_is_kept_as_a_hash_for_its_owner_alone(tmp_path: Path) -> None:
    keys = ApiKeys(tmp_path, CLOCK)
    key = keys.create("robot", groups=["b", "a", "b"])
    assert keys.holder(key) == Principal("key:robot", frozenset({"a", "b"}))
    file = tmp_path / api_keys.FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert key.rpartition("_")[2] not in file.read_text()
    assert [(one.name, one.groups, one.created) for one in keys.every()] == [
        ("robot", ("a", "b"), CLOCK.now())
    ]


@pytest.mark.parametrize("name", ["", "Robot", "a_b", "1a", "a" * 64, "a b", "../x"])
def test_a_key_has_a_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidUse, match="not a name"):
        ApiKeys(tmp_path, CLOCK).create(name, groups=[])


def test_a_name_is_taken_until_its_key_is_revoked(tmp_path: Path) -> None:
    one, other = ApiKeys(tmp_path, CLOCK), ApiKeys(tmp_path, CLOCK)
    first = one.create("robot", groups=[])
    with pytest.raises(InvalidUse, match="already"):
        other.create("robot", groups=[])
    other.revoke("robot")
    with pytest.raises(InvalidToken):
        one.holder(first)
    second = other.create("robot", groups=[])
    assert one.holder(second).id == "key:robot"
    with pytest.raises(NotFoundHere, match="no API key human"):
        one.revoke("human")


def test_without_a_folder_there_are_no_keys() -> None:
    keys = ApiKeys(None, CLOCK)
    with pytest.raises(InvalidToken):
        keys.holder("oort_robot_00")
    with pytest.raises(InvalidUse, match="state folder"):
        keys.create("robot", groups=[])


def test_no_token_can_be_issued_for_a_key() -> None:
    with pytest.raises(InvalidUse, match="API key"):
        Issuer(None, "x", CLOCK).issue("key:robot", [])


@pytest.mark.parametrize(
    "content", [b"{", b'[{"name":"a","groups":[],"created":"2026-01-01T00:00:00Z","sha256":"zz"}]']
)
def test_a_damaged_file_is_one_clear_sentence_and_lets_nobody_in(
    tmp_path: Path, content: bytes
) -> None:
    keys = ApiKeys(tmp_path, CLOCK)
    key = keys.create("robot", groups=[])
    (tmp_path / api_keys.FILE).write_bytes(content)
    with pytest.raises(StateUnusable, match="is damaged"):
        keys.holder(key)


def test_a_folder_that_cannot_be_used_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateUnusable, match="cannot be used"):
        ApiKeys(tmp_path / "file", CLOCK).create("robot", groups=[])


# -- revoked tokens


def test_a_line_that_a_kill_cut_off_harms_no_other(tmp_path: Path) -> None:
    Revocations(tmp_path).add("first", ends=10, now=CLOCK.now())
    with (tmp_path / revocations.FILE).open("ab") as file:
        file.write(b"\n20 unfin")
    Revocations(tmp_path).add("second", ends=30, now=CLOCK.now())
    found = Revocations(tmp_path)
    assert ("first" in found, "second" in found, "third" in found) == (True, True, False)


def test_tokens_that_have_ended_are_swept_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revocations, "_SWEEP", 3)
    now = CLOCK.now()
    soon, late = (
        int((now + timedelta(seconds=1)).timestamp()),
        int((now + timedelta(days=1)).timestamp()),
    )
    revoked = Revocations(tmp_path)
    for name, ends in (("a", soon), ("b", soon), ("c", late)):
        revoked.add(name, ends=ends, now=now)
    revoked.add("d", ends=late, now=now + timedelta(minutes=1))
    assert [name in revoked for name in "abcd"] == [False, False, True, True]


def test_in_memory_they_are_remembered_too() -> None:
    issuer_ = Issuer(None, "x", CLOCK)
    token = issuer_.issue("ada", [])
    issuer_.revoke(token)
    with pytest.raises(InvalidToken, match="revoked"):
        issuer_.verify(token)


def test_a_list_that_cannot_be_written_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / revocations.FILE).mkdir()
    with pytest.raises(StateUnusable, match="cannot be used"):
        Revocations(tmp_path).add("a", ends=1, now=CLOCK.now())


# -- the keys that sign


def test_an_interrupted_rotation_leaves_the_old_key_signing(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path)
    before, pem = keys.ring().key_id, (tmp_path / KEY_FILE).read_bytes()
    keys.rotate(until=100.0)
    (tmp_path / KEY_FILE).write_bytes(pem)  # the retired key was written, the new one was not
    ring = SigningKeys(tmp_path).ring()
    assert (ring.key_id, set(ring.verifying)) == (before, {before})
    assert ring.verifier(before, now=1e12) is not None


def test_a_key_that_was_rotated_twice_keeps_its_first_end(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path)
    first = keys.ring().key_id
    keys.rotate(until=100.0)
    second = keys.ring().key_id
    keys.rotate(until=200.0)
    ring = keys.ring()
    assert [ring.verifier(one, now=150.0) is not None for one in (first, second, ring.key_id)] == [
        False,
        True,
        True,
    ]


def test_damaged_retired_keys_are_one_clear_sentence(tmp_path: Path) -> None:
    SigningKeys(tmp_path)
    for content in (b"{", b'[{"pem":"nonsense","until":1}]'):
        (tmp_path / RETIRED_FILE).write_bytes(content)
        with pytest.raises(StateUnusable, match=RETIRED_FILE):
            SigningKeys(tmp_path)


def test_keys_in_memory_rotate_as_well() -> None:
    clock = VirtualClock()
    made = Issuer(None, "x", clock)
    token = made.issue("ada", [], issuer.LONGEST)
    assert made.rotate() == made.key_id
    assert made.verify(token).id == "ada"
    clock.advance(issuer.LONGEST)
    assert [one["kid"] for one in made.jwks()["keys"]] == [made.key_id]


def test_the_pages_name_the_same_issuer_and_where_its_keys_are() -> None:
    import msgspec

    made = Issuer(None, "http://oort.localhost/shop", CLOCK)
    pages = of(made)
    discovery = msgspec.json.decode(pages[DISCOVERY]("http://127.0.0.1:8000").body)
    assert (discovery["issuer"], discovery["jwks_uri"]) == (
        made.url,
        f"http://127.0.0.1:8000{JWKS}",
    )
    (key,) = msgspec.json.decode(pages[JWKS]("").body)["keys"]
    assert (key["kid"], key["alg"], key["use"], key["kty"]) == (made.key_id, "RS256", "sig", "RSA")
    assert set(key) == {"kid", "alg", "use", "kty", "n", "e"}  # nothing of the private key
