"""The commands that end tokens, rotate the key that signs them, and make API keys, seen by a platform that runs beside them."""

import json
from pathlib import Path

import pytest

from oort.cli.wiring import embedded
from oort.engine.identity.issuer import Issuer
from oort.engine.state.folder import open_state
from oort.model.errors import InvalidToken
from tests.unit.cli.shops import run, shop


def running(folder: Path) -> Issuer:
    """The issuer of a platform that is running."""
    return embedded.issuer_of(open_state(folder / ".oort"), platform="shop")


def printed(*words: str | Path) -> str:
    """What a command that succeeds prints."""
    result = run(*words)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout.strip()


def test_a_revoked_token_is_refused_by_the_platform_that_runs(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    token, other = (printed("token", "--user", "ada", "-C", folder) for _ in range(2))
    issuer = running(folder)
    assert issuer.verify(token) == issuer.verify(other)
    assert printed("token", "--revoke", token, "-C", folder) == "The token is refused from now on."
    with pytest.raises(InvalidToken, match="revoked"):
        issuer.verify(token)
    assert run("token", "--revoke", "-", "-C", folder, input=f"{other}\n").exit_code == 0
    with pytest.raises(InvalidToken, match="revoked"):
        issuer.verify(other)
    again = run("token", "--revoke", token, "-C", folder)
    assert (again.exit_code, again.stdout) == (1, "")
    assert again.stderr.startswith("Error: The token was revoked.")


def test_a_signing_key_is_rotated_with_and_without_mercy(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    token = printed("token", "--user", "ada", "-C", folder)
    issuer = running(folder)
    assert printed("keys", "rotate", folder, "--signing").endswith(
        "those of the old one end in a day."
    )
    assert issuer.verify(token).id == "ada"
    assert issuer.verify(printed("token", "--user", "bob", "-C", folder)).id == "bob"
    assert printed("keys", "rotate", folder, "--signing", "--at-once").endswith(
        "those of the old one end now."
    )
    with pytest.raises(InvalidToken):
        issuer.verify(token)
    assert run("keys", "rotate", folder, "--at-once").exit_code == 64


def test_an_api_key_is_made_listed_and_revoked(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    assert printed("api-keys", "list", "-C", folder) == "There are no API keys."
    key = printed("api-keys", "create", "robot", "--group", "staff", "-C", folder)
    issuer = running(folder)
    assert (issuer.holder(key).id, issuer.holder(key).groups) == ("key:robot", frozenset({"staff"}))
    assert printed("api-keys", "list", "-C", folder).startswith("robot  since ")
    (listed,) = json.loads(printed("api-keys", "list", "--json", "-C", folder))
    assert (listed["name"], listed["groups"], set(listed)) == (
        "robot",
        ["staff"],
        {"name", "groups", "created"},
    )
    assert run("api-keys", "create", "robot", "-C", folder).exit_code == 64
    assert (
        printed("api-keys", "revoke", "robot", "-C", folder)
        == "The API key robot is refused from now on."
    )
    with pytest.raises(InvalidToken):
        issuer.holder(key)
    assert run("api-keys", "revoke", "robot", "-C", folder).exit_code == 64
