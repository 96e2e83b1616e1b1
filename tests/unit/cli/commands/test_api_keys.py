"""`oort api-keys`, seen by a platform that runs beside it."""

import json
from pathlib import Path

import pytest

from oort.model.errors import InvalidToken
from tests.unit.cli.shops import printed, run, running, shop


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
