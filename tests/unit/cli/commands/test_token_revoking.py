"""`oort token --revoke`, seen by a platform that runs beside it."""

from pathlib import Path

import pytest

from oort.model.errors import InvalidToken
from tests.unit.cli.shops import printed, run, running, shop


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
