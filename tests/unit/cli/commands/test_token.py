"""`oort token`: what it prints, and lifetimes that it refuses."""

import stat
from pathlib import Path

import pytest

from oort.engine.identity.issuer import Issuer, issuer_url
from oort.runtime.system import SystemClock
from tests.unit.cli.shops import run, shop


def test_a_token_is_all_that_is_printed_and_the_issuer_accepts_it(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    result = run("token", "--user", "ada", "--group", "staff", "--group", "support", "-C", folder)
    principal = Issuer(folder / ".oort", issuer_url("shop"), SystemClock()).verify(
        result.stdout.strip()
    )
    assert (principal.id, principal.groups) == ("ada", frozenset({"staff", "support"}))
    assert stat.S_IMODE((folder / ".oort").stat().st_mode) == 0o700


@pytest.mark.parametrize("lifetime", ["soon", "0h", "2d", "-1h", "1.5h"])
def test_a_lifetime_that_no_token_can_have_is_a_usage_error(tmp_path: Path, lifetime: str) -> None:
    result = run("token", "--user", "ada", "--lifetime", lifetime, "-C", shop(tmp_path))
    assert (result.exit_code, result.stdout) == (64, "")


def test_a_token_needs_a_user(tmp_path: Path) -> None:
    assert run("token", "--user", " ", "-C", shop(tmp_path)).exit_code == 64
