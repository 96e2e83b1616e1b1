"""`oort secrets`: values come from a prompt or from standard input, and are shown when they are asked for."""

import importlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from oort.cli.commands import oort
from tests.unit.cli.shops import run, shop

secrets_module = importlib.import_module(
    "oort.cli.commands.secrets"
)  # the package names the command so
_SERVICE = """
import msgspec

from oort import Can, Read, Secret, Service

orders = Service("orders")


class Account(msgspec.Struct):
    user: str


@orders.secret("key")
class Key(Secret[str, Can]): ...


@orders.secret("account")
class Mail(Secret[Account, Can]): ...


@orders.secret("unread")
class Unread(Secret[Account, Can]): ...


@orders.provide
def account(mail: Mail[Read]) -> Account:
    return mail.value()


@orders.get("/", public=True)
def show(key: Key[Read], account: Account) -> str:
    return key.value()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shop(tmp_path, _SERVICE)


def put(folder: Path, value: str, name: str = "orders.key") -> tuple[int, str]:
    result = run("secrets", "set", name, "-C", folder, input=value)
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("given", "stored"),
    [("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), (" a ", " a "), ("æ", "æ")],
)
def test_one_newline_at_the_end_is_removed(folder: Path, given: str, stored: str) -> None:
    assert put(folder, given) == (0, "orders.key is set.\n")
    assert run("secrets", "get", "orders.key", "-C", folder).stdout == f"{stored}\n"


@pytest.mark.parametrize("words", [["canary"], ["two", "canary"], ["-", "canary"]])
def test_a_value_is_never_an_argument(folder: Path, words: list[str]) -> None:
    result = run("secrets", "set", "orders.key", *words, "-C", folder)
    assert result.exit_code == 64
    assert "canary" not in result.output


def test_a_value_must_fit_the_type_of_the_secret(folder: Path) -> None:
    code, said = put(folder, '{"user": 3, "x": "canary"}', "orders.account")
    assert code == 1
    assert "orders.account does not fit Account" in said
    assert "canary" not in said
    assert put(folder, '{"user": "ada"}', "orders.account")[0] == 0
    assert put(folder, "anything", "orders.unread")[0] == 0  # nobody reads it


def test_an_empty_value_and_an_unknown_secret_are_refused(folder: Path) -> None:
    assert put(folder, "\n")[0] == 1
    code, said = put(folder, "x", "orders.keys")
    assert (code, "Did you mean orders.key" in said) == (64, True)


def test_a_secret_without_a_value_is_no(folder: Path) -> None:
    result = run("secrets", "get", "orders.key", "-C", folder)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "oort secrets set orders.key" in result.stderr


def test_the_list_shows_no_value(folder: Path) -> None:
    put(folder, "canary")
    listed = run("secrets", "list", folder).stdout
    assert "canary" not in listed
    lines = [line.split() for line in listed.splitlines()]
    assert lines[0] == ["SERVICE", "NAME", "TYPE", "VALUE", "CHANGED"]
    assert [line[:4] for line in lines[1:]] == [
        ["orders", "key", "str", "set"],
        ["orders", "account", "Account", "missing"],
        ["orders", "unread", "Account", "missing"],
    ]
    key, account, _ = json.loads(run("secrets", "list", folder, "--json").stdout)
    changed = datetime.fromisoformat(key.pop("changed"))
    assert abs((datetime.now(UTC) - changed).total_seconds()) < 60
    assert key == {"service": "orders", "name": "key", "type": "str", "set": True}
    assert (account["set"], account["changed"]) == (False, None)


def test_a_platform_without_secrets_says_so(tmp_path: Path) -> None:
    assert run("secrets", "list", shop(tmp_path)).stdout == "There are no secrets.\n"


def test_a_terminal_gets_a_value_only_with_show(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, "canary")
    monkeypatch.setattr(secrets_module, "on_terminal", lambda _: True)
    refused = run("secrets", "get", "orders.key", "-C", folder)
    assert (refused.exit_code, "canary" in refused.output) == (64, False)
    assert run("secrets", "get", "orders.key", "-C", folder, "--show").stdout == "canary\n"


def test_at_a_terminal_the_value_is_asked_for_twice_and_not_shown(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets_module, "on_terminal", lambda _: True)
    result = run(
        "secrets", "set", "orders.key", "-C", folder, input="canary\ncanarz\ncanary\ncanary\n"
    )
    assert (result.exit_code, "canary" in result.output) == (0, False)
    piped = run("secrets", "set", "orders.key", "-", "-C", folder, input="other\n")
    assert piped.output == "orders.key is set.\n"
    assert run("secrets", "get", "orders.key", "-C", folder, "--show").stdout == "other\n"


def test_bytes_that_are_no_text_are_unreadable(folder: Path) -> None:
    result = CliRunner().invoke(
        oort, ["secrets", "set", "orders.key", "-C", str(folder)], input=b"\xff"
    )
    assert result.exit_code == 64
