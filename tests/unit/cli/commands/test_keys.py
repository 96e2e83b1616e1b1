"""`oort keys rotate --signing`, seen by a platform that runs beside it."""

from pathlib import Path

import pytest

from oort.model.errors import InvalidToken
from tests.unit.cli.shops import printed, run, running, shop


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
